// The controlling terminal, for a command that has a process group of its own.
//
// A terminal sends Ctrl-C and Ctrl-Z to its foreground group, and only that may read from it. A
// shell puts pause there; pause passes the place on to the command, and what the shell does to
// pause's group after a stop, "fg" or "bg", has to reach the command as well. termios(4), credentials(7)

import { SIG_BLOCK, SIG_UNBLOCK, Signal } from "../libc/abi.ts";
import { getpgrp, open, tcgetpgrp, tcsetpgrp } from "../libc/child.ts";
import { getpid } from "../libc/process.ts";
import { kill, maskOf, SignalSet, sigpending, sigprocmask } from "../libc/signals.ts";
import { warn } from "../log.ts";

const STDIN = 0;

/** This process's controlling terminal. */
export interface Terminal {
  readonly fd: number;
  /** The process group of this process. */
  readonly own: number;
}

/** The controlling terminal; undefined where there is none, or it is not to be had. */
export function controllingTerminal(): Terminal | undefined {
  for (const openIt of [() => open("/dev/tty"), () => STDIN]) {
    try {
      const fd = openIt();
      tcgetpgrp(fd);
      return { fd, own: getpgrp() };
    } catch {
      // No terminal, or not this process's.
    }
  }
  return undefined;
}

/** Whether this process's group is in the foreground. */
export function isForeground({ fd, own }: Terminal): boolean {
  try {
    return tcgetpgrp(fd) === own;
  } catch {
    return false; // Hung up.
  }
}

/** Passes the foreground from one group to another, if the one has it. */
export function passForeground({ fd }: Terminal, from: number, to: number): boolean {
  try {
    if (tcgetpgrp(fd) !== from) return false;
    tcsetpgrp(fd, to);
    return true;
  } catch {
    return false; // Hung up, or the group has gone.
  }
}

/** The signals that job control stops a process with. */
const STOPS: readonly number[] = [Signal.SIGTSTP, Signal.SIGTTIN, Signal.SIGTTOU];

/**
 * Goes with the command, which a signal has stopped: stops this process by the same signal, for the
 * shell to see, and returns when it is continued. SIGCONT is then pending, for the loop to take.
 *
 * Where nobody could continue it, the kernel does not stop it: PID 1, or a group without a shell
 * (orphaned, setpgid(2)). The command must not stay stopped there on account of Ctrl-Z, so it is
 * continued. Not if it was stopped for reading in the background, which it would try again at once.
 */
export function stopWith(command: number, signal: number, terminal: Terminal): void {
  if (!STOPS.includes(signal)) return;
  if (signal !== Signal.SIGTSTP && passForeground(terminal, terminal.own, command)) {
    goOn(command);
  } else if (!stop(signal) && signal === Signal.SIGTSTP) {
    goOn(command);
  }
}

/** Stops this process, and returns whether somebody has continued it. */
function stop(signal: number): boolean {
  const it = new SignalSet(maskOf(signal));
  try {
    kill(getpid(), signal);
    sigprocmask(SIG_UNBLOCK, it); // Stops here.
    sigprocmask(SIG_BLOCK, it);
    return sigpending().has(Signal.SIGCONT);
  } catch {
    return false; // It has not stopped, and so nobody would continue the command.
  }
}

/** Continues the command's group. */
function goOn(command: number): void {
  try {
    kill(-command, Signal.SIGCONT);
  } catch (failure) {
    warn(`Cannot continue the command, which is stopped: ${(failure as Error).message}`);
  }
}
