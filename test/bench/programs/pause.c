// The physical limit: what a C program that holds a pod and reaps has to do, and nothing else.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  sigset_t waited;
  sigemptyset(&waited);
  sigaddset(&waited, SIGINT);
  sigaddset(&waited, SIGTERM);
  sigaddset(&waited, SIGCHLD);
  if (sigprocmask(SIG_BLOCK, &waited, NULL) == -1) return 1;
  for (;;) {
    while (waitpid(-1, NULL, WNOHANG) > 0);
    int signal = sigwaitinfo(&waited, NULL);
    if (signal == SIGINT || signal == SIGTERM) break;
  }
  static const char line[] = "Shutting down\n";
  return write(STDERR_FILENO, line, sizeof line - 1) == -1;
}
