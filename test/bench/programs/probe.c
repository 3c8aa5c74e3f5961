// Starts programs as PID 1 of namespaces of their own, and looks at them from outside.
//
// It watches by reading /proc/PID/status and /proc/PID/syscall over and over, on a core that it has for
// itself; the program has all others, and as SCHED_RR goes before whatever else the machine does there.
// So it runs as it would if nobody looked, on a quiet machine, and all are watched alike. A look takes some 20 microseconds, which is how exact the times are; where more
// passed, "blur" says so, and whoever called can try again. All times in the output are nanoseconds.
//
//   probe [OPTION]... life COMMAND...               start it, watch until it waits, TERM, until gone
//   probe [OPTION]... hold COUNT COMMAND...         start so many, keep them until stdin ends
//   probe [OPTION]... relay COUNT BOARD COMMAND...  send signals through it to "probe pong BOARD"
//   probe [OPTION]... window ROLE STEP COMMAND...   TERM at every so many nanoseconds from exec on, a
//                                                   start for each; as "init" or as any "other"
//   probe orphans PID COUNT EACH                    make orphans for the init whose PID this is, and
//                                                   leave it so many at a time
//   probe evict FILE...                             drop files from the page cache
//   probe pong BOARD                                the command that "relay" has an init run
//
//   -r ROOT     what the program sees as /
//   -c FILE     a cgroup.procs, which it enters before it is executed
//   -t SECONDS  how long it has until it waits, 60 unless said otherwise

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NAMESPACES (CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)
#define TERM_BIT (UINT64_C(1) << (SIGTERM - 1))

// The system calls that the programs sleep in when they have nothing to do; being armed is part of it.
static const long WAITS[] = {
    SYS_rt_sigsuspend, SYS_read, SYS_ppoll,
#ifdef SYS_pause
    SYS_pause, SYS_poll,
#endif
};
// These without: what sigtimedwait waits for is not blocked while it waits; and a plain sleep is how
// the empty program stays.
static const long SLEEPS[] = {SYS_rt_sigtimedwait, SYS_nanosleep, SYS_clock_nanosleep};

static const char *root;
static int namespaces = NAMESPACES;
static int cgroup = -1;
static int devnull = -1;
static cpu_set_t others;  // The cores that are left to the program.
static bool watches, has_core;
static uint64_t patience = UINT64_C(60000000000);
static uint64_t *executed;  // When the last program was executed; shared with the process that does it.

static void die(const char *what) {
  fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
  exit(1);
}

// Takes the last core for itself, as far as it is allowed to, and leaves the others to the program.
static void take_core(void) {
  watches = true;
  if (sched_getaffinity(0, sizeof others, &others) == -1 || CPU_COUNT(&others) < 2) return;
  int last = CPU_SETSIZE - 1;
  while (!CPU_ISSET(last, &others)) last--;
  CPU_CLR(last, &others);
  cpu_set_t own;
  CPU_ZERO(&own);
  CPU_SET(last, &own);
  struct sched_param priority = {.sched_priority = 1};
  has_core = sched_setaffinity(0, sizeof own, &own) == 0;
  sched_setscheduler(0, SCHED_FIFO, &priority);
}

static void leave_core(void) {
  if (!watches) return;
  struct sched_param priority = {.sched_priority = 1};
  sched_setscheduler(0, SCHED_RR, &priority);
  if (has_core) sched_setaffinity(0, sizeof others, &others);
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return UINT64_C(1000000000) * time.tv_sec + time.tv_nsec;
}

// Runs in the new process, up to the moment that counts.
static void become(char **command) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1) die("mount --make-rprivate /");
  if (root != NULL && chroot(root) == -1) die(root);
  if (chdir("/") == -1) die("/");
  if (mount("proc", "/proc", "proc", 0, NULL) == -1) die("mount /proc");
  for (int fd = 0; fd < 3; fd++) dup2(devnull, fd);
  if (cgroup != -1 && write(cgroup, "0", 1) != 1) _exit(125);
  leave_core();
  char *environment[] = {NULL};
  *executed = now();
  execve(command[0], command, environment);
  _exit(errno == ENOENT ? 127 : 126);
}

// Starts a program; goes on when it has been executed.
static pid_t start(char **command) {
  pid_t pid = syscall(SYS_clone, namespaces | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);
  if (pid == -1) die("clone");
  if (pid == 0) become(command);
  return pid;
}

static int open_of(pid_t pid, const char *file) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
  return open(path, O_RDONLY | O_CLOEXEC);
}

static bool is_armed(int status) {
  char text[4096];
  ssize_t length = pread(status, text, sizeof text - 1, 0);
  if (length <= 0) return false;
  text[length] = 0;
  const char *blocked = strstr(text, "\nSigBlk:\t"), *caught = strstr(text, "\nSigCgt:\t");
  if (blocked == NULL || caught == NULL) return false;
  return ((strtoull(blocked + 9, NULL, 16) | strtoull(caught + 9, NULL, 16)) & TERM_BIT) != 0;
}

static bool is_waiting(int syscall, bool armed) {
  char text[256];
  ssize_t length = pread(syscall, text, sizeof text - 1, 0);
  if (length <= 0 || text[0] < '0' || text[0] > '9') return false;  // "running", or not in a call.
  text[length] = 0;
  long number = strtol(text, NULL, 10);
  for (size_t i = 0; armed && i < sizeof WAITS / sizeof *WAITS; i++)
    if (WAITS[i] == number) return true;
  for (size_t i = 0; i < sizeof SLEEPS / sizeof *SLEEPS; i++)
    if (SLEEPS[i] == number) return true;
  return false;
}

static bool has_ended(int pidfd) {
  struct pollfd request = {.fd = pidfd, .events = POLLIN};
  return poll(&request, 1, 0) == 1;
}

struct sight {
  uint64_t armed;  // Since when it takes SIGTERM: blocked, or with a handler. 0 if it does not.
  uint64_t waits;  // When it first slept with nothing to do.
  uint64_t ended;
  uint64_t blur;  // How long nobody looked before one of these, at most.
};

static uint64_t since(uint64_t begin, uint64_t end) { return end < begin ? 0 : end - begin; }

static void sharpen(uint64_t *blur, uint64_t before, uint64_t event) {
  if (since(before, event) > *blur) *blur = since(before, event);
}

// Looks until it waits, ends, or the time is over.
static struct sight watch(pid_t pid, int pidfd) {
  uint64_t deadline = now() + patience;
  struct sight sight = {0};
  int status = open_of(pid, "status"), syscall = open_of(pid, "syscall");
  uint64_t last = *executed, blur_of_armed = 0;
  for (bool before = false; sight.waits == 0 && sight.ended == 0;) {
    bool armed = is_armed(status);
    uint64_t time = now();
    // The last time that it became so: a mask can be there for a moment only, while a thread is made.
    if (armed && !before) {
      sight.armed = time;
      blur_of_armed = since(last, time);
    }
    before = armed;
    if (is_waiting(syscall, armed)) sight.waits = now();
    if (has_ended(pidfd)) sight.ended = now();
    if (sight.waits != 0) sharpen(&sight.blur, last, sight.waits);
    if (sight.ended != 0) sharpen(&sight.blur, last, sight.ended);
    if (time > deadline) break;
    last = time;
  }
  if (sight.armed == 0) sight.armed = sight.waits;  // Both between two looks.
  else if (blur_of_armed > sight.blur) sight.blur = blur_of_armed;
  close(status);
  close(syscall);
  return sight;
}

// Looks until it has ended, or for two seconds.
static uint64_t wait_for_end(int pidfd, uint64_t told, uint64_t *blur) {
  for (uint64_t last = told;;) {
    bool ended = has_ended(pidfd);
    uint64_t time = now();
    if (ended) sharpen(blur, last, time);
    if (ended || time > told + UINT64_C(2000000000)) return time;
    last = time;
  }
}

static void life(char **command) {
  take_core();
  pid_t pid = start(command);
  int pidfd = syscall(SYS_pidfd_open, pid, 0);
  if (pidfd == -1) die("pidfd_open");
  struct sight sight = watch(pid, pidfd);
  uint64_t told = 0, gone = 0;
  if (sight.ended == 0) {
    usleep(10000);  // As after a while: everything has come to rest.
    bool late = sight.waits == 0;
    told = now();
    kill(pid, late ? SIGKILL : SIGTERM);
    gone = wait_for_end(pidfd, told, &sight.blur);
    kill(pid, SIGKILL);  // Should it not listen.
  }
  int status;
  struct rusage usage;
  if (wait4(pid, &status, 0, &usage) == -1) die("wait4");
  uint64_t cpu = 1000 * (UINT64_C(1000000) * (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                         usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  printf("{\"armed\":%" PRIu64 ",\"waits\":%" PRIu64 ",\"ended\":%" PRIu64 ",\"gone\":%" PRIu64
         ",\"cpu\":%" PRIu64 ",\"blur\":%" PRIu64 ",\"code\":%d,\"signal\":%d}\n",
         since(*executed, sight.armed), since(*executed, sight.waits), since(*executed, sight.ended),
         since(told, gone), cpu, sight.blur, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
         WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

static void hold(int count, char **command) {
  pid_t *pids = calloc(count, sizeof *pids);
  uint64_t begin = now();
  for (int i = 0; i < count; i++) pids[i] = start(command);
  for (int i = 0; i < count; i++) {
    int status = open_of(pids[i], "status"), syscall = open_of(pids[i], "syscall");
    while (!is_waiting(syscall, is_armed(status))) {
      if (now() > begin + patience || waitpid(pids[i], NULL, WNOHANG) != 0) {
        errno = ECHILD;
        die(command[0]);
      }
      usleep(100);
    }
    close(status);
    close(syscall);
  }
  printf("{\"ready\":%" PRIu64 ",\"pids\":[", now() - begin);
  for (int i = 0; i < count; i++) printf("%s%d", i == 0 ? "" : ",", pids[i]);
  printf("]}\n");
  fflush(stdout);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0);
  for (int i = 0; i < count; i++) kill(pids[i], SIGKILL);
  for (int i = 0; i < count; i++) waitpid(pids[i], NULL, 0);
}

// They have a parent that ends at once and leaves them, zombies by then, to the init of the namespace.
static void orphans(pid_t init, int count, int each) {
  int namespace = open_of(init, "ns/pid");
  if (namespace == -1 || setns(namespace, CLONE_NEWPID) == -1) die("setns");
  uint64_t begin = now();
  pid_t maker = fork();
  if (maker == 0) {
    for (int i = 0; i < count; i += each) {
      pid_t parent = vfork();
      if (parent == 0) {
        for (volatile int left = each; left > 0; left--)
          if (vfork() == 0) _exit(0);
        _exit(0);
      }
      if (parent == -1) _exit(1);
      waitpid(parent, NULL, 0);
    }
    _exit(0);
  }
  int status;
  if (maker == -1 || waitpid(maker, &status, 0) == -1 || status != 0) die("orphans");
  printf("{\"took\":%" PRIu64 "}\n", now() - begin);
}

// What pong and relay write to each other.
struct board {
  volatile uint64_t started, received, leaves;
  volatile uint32_t count;
};

static struct board *open_board(const char *path) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd == -1 || ftruncate(fd, sizeof(struct board)) == -1) die(path);
  void *memory = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) die(path);
  close(fd);
  return memory;
}

static void pong(const char *path) {
  struct board *board = open_board(path);
  sigset_t waited;
  sigemptyset(&waited);
  sigaddset(&waited, SIGUSR2);
  sigaddset(&waited, SIGTERM);
  sigprocmask(SIG_BLOCK, &waited, NULL);
  board->started = now();
  while (sigwaitinfo(&waited, NULL) == SIGUSR2) {
    board->received = now();
    board->count++;
  }
  board->leaves = now();
  _exit(0);
}

static pid_t child_of(pid_t pid) {
  char path[64], text[64] = "";
  snprintf(path, sizeof path, "task/%d/children", pid);
  int fd = open_of(pid, path);
  if (read(fd, text, sizeof text - 1) < 0) text[0] = 0;
  close(fd);
  return atoi(text);
}

static void relay(int count, const char *path, char **command) {
  char file[4096];
  snprintf(file, sizeof file, "%s%s", root == NULL ? "" : root, path);
  struct board *board = open_board(file);
  memset(board, 0, sizeof *board);
  take_core();
  pid_t init = start(command);
  int pidfd = syscall(SYS_pidfd_open, init, 0);
  while (board->started == 0 && !has_ended(pidfd));
  if (board->started == 0) {
    int status;
    waitpid(init, &status, 0);
    printf("{\"code\":%d}\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    return;
  }
  uint64_t started = board->started;
  watch(init, pidfd);
  pid_t command_pid = child_of(init);
  if (command_pid == 0) command_pid = init;  // No init: the command itself, to compare with.
  printf("{\"start\":%" PRIu64 ",\"signals\":[", since(*executed, started));
  for (int i = 0; i < count; i++) {
    usleep(1000);
    uint32_t before = board->count;
    uint64_t told = now();
    kill(init, SIGUSR2);
    while (board->count == before && now() < told + UINT64_C(1000000000));
    printf("%s%" PRIu64, i == 0 ? "" : ",", since(told, board->received));
  }
  usleep(1000);
  kill(command_pid, SIGTERM);
  uint64_t blur = 0, gone = wait_for_end(pidfd, now(), &blur);
  printf("],\"exit\":%" PRIu64 "}\n", since(board->leaves, gone));
  kill(init, SIGKILL);
  waitpid(init, NULL, 0);
}

// One start, one SIGTERM, and whether it went unheard: for an init, dropped; for any other, its end by
// default. A program that has taken it does not come to wait, or has ended soon after.
static bool is_deaf_at(uint64_t due, char **command, uint64_t *sent) {
  pid_t pid = start(command);
  int pidfd = syscall(SYS_pidfd_open, pid, 0);
  if (pidfd == -1) die("pidfd_open");
  while (now() < *executed + due);
  kill(pid, SIGTERM);
  *sent = since(*executed, now());
  if (watch(pid, pidfd).ended == 0) {
    struct pollfd request = {.fd = pidfd, .events = POLLIN};
    poll(&request, 1, 50);
  }
  bool lives = !has_ended(pidfd);
  kill(pid, SIGKILL);
  int status;
  if (waitpid(pid, &status, 0) == -1) die("waitpid");
  close(pidfd);
  return lives || (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

// Goes on until it has been heard for so long that no slower start is to be expected; a program that
// is deaf for good, up to the longest.
static void window(const char *role, uint64_t step, char **command) {
  const uint64_t enough = UINT64_C(5000000), longest = UINT64_C(100000000);
  if (strcmp(role, "init") != 0) namespaces &= ~CLONE_NEWPID;
  take_core();
  uint64_t latest = 0, unheard = 0;
  for (uint64_t due = 0; due < latest + enough && due < longest; due += step) {
    uint64_t sent;
    if (!is_deaf_at(due, command, &sent)) continue;
    unheard++;
    latest = sent;
  }
  printf("{\"mean\":%" PRIu64 ",\"latest\":%" PRIu64 "}\n", unheard * step, latest);
}

static void evict(char **files) {
  size_t resident = 0;
  for (; *files != NULL; files++) {
    int fd = open(*files, O_RDONLY | O_CLOEXEC);
    off_t size = fd == -1 ? -1 : lseek(fd, 0, SEEK_END);
    if (size == -1) die(*files);
    if (size == 0) continue;
    fdatasync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    unsigned char *pages = calloc(size / 4096 + 1, 1);
    void *memory = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED || mincore(memory, size, pages) == -1) die(*files);
    for (off_t page = 0; page <= (size - 1) / 4096; page++) resident += pages[page] & 1;
    munmap(memory, size);
    free(pages);
    close(fd);
  }
  printf("{\"resident\":%zu}\n", resident);
}

static bool asked(char **argument, const char *name, int operands) {
  if (*argument == NULL || strcmp(*argument, name) != 0) return false;
  for (; operands > 0; operands--)
    if (*++argument == NULL) return false;
  return true;
}

int main(int argc, char **argv) {
  if (argc == 3 && asked(argv + 1, "pong", 1)) pong(argv[2]);
  char **argument = argv + 1;
  for (; *argument != NULL && (*argument)[0] == '-' && argument[1] != NULL; argument += 2) {
    if ((*argument)[1] == 'r') root = argument[1];
    if ((*argument)[1] == 'c') cgroup = open(argument[1], O_WRONLY | O_CLOEXEC);
    if ((*argument)[1] == 'c' && cgroup == -1) die(argument[1]);
    if ((*argument)[1] == 't') patience = (uint64_t)(1e9 * atof(argument[1]));
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  devnull = open("/dev/null", O_RDWR | O_CLOEXEC);
  executed = mmap(NULL, sizeof *executed, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (devnull == -1 || executed == MAP_FAILED) die("set-up");
  if (asked(argument, "life", 1)) life(argument + 1);
  else if (asked(argument, "hold", 2)) hold(atoi(argument[1]), argument + 2);
  else if (asked(argument, "relay", 3)) relay(atoi(argument[1]), argument[2], argument + 3);
  else if (asked(argument, "window", 3)) {
    window(argument[1], strtoull(argument[2], NULL, 10), argument + 3);
  } else if (asked(argument, "orphans", 3)) {
    orphans(atoi(argument[1]), atoi(argument[2]), atoi(argument[3]));
  } else if (asked(argument, "evict", 1)) evict(argument + 1);
  else {
    fprintf(stderr, "probe: Cannot understand the arguments; see probe.c\n");
    return 2;
  }
  return 0;
}
