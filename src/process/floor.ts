// The wait that needs nothing but pause(2), for where sigwaitinfo(2) does not work.

import { Errno, SIG_DFL, SIG_UNBLOCK, Signal } from "../libc/abi.ts";
import {
  kill,
  pause,
  sigaction,
  SignalSet,
  sigprocmask,
  sleep,
  SyscallError,
  waitpid,
  waitStatus,
} from "../libc/calls.ts";
import { addressOf, libc } from "../libc/library.ts";
import { WAITED } from "./block.ts";
import { letTheKernelReap } from "./reaper.ts";

/** Times in a row that neither call slept, before this gives up. */
const TRIES = 1000;

/**
 * Leaves everything to native code, and sleeps. The kernel reaps, and SIGINT and SIGTERM run
 * libc's `_exit` as their handler: it takes one int, the signal's number, which becomes the exit
 * code, and is async-signal-safe. Since no handler leaves anything to do, a signal between two
 * calls of pause() is not missed: here, and only here, pause() has no race.
 *
 * Where pause is refused too, the sleep after it keeps the loop from spinning. Nothing is late for
 * it, since the handlers run all the same.
 * @returns only where neither sleeps
 */
export function holdOnTheFloor(): void {
  letTheKernelReap();
  letSignalsEndThis();
  for (let sleepless = 0; sleepless < TRIES;) {
    pause();
    sleepless = sleep(1) === 0 ? 0 : sleepless + 1;
  }
}

/**
 * The same where there is a command: reaps by a waitpid that sleeps, until the command has ended.
 * Where waitpid is refused, the kernel reaps, and all to be seen is that the command has gone.
 * @returns what became of it, for decodeWaitStatus; undefined where that cannot be known
 */
export function waitOnTheFloor(command: number): number | undefined {
  sigaction(Signal.SIGCHLD, SIG_DFL);
  letSignalsEndThis();
  for (let failures = 0; failures < TRIES;) {
    try {
      const pid = waitpid(ANY, 0);
      if (pid === command) return waitStatus();
      failures = pid === 0 ? TRIES : 0;
    } catch {
      failures++;
    }
  }
  letTheKernelReap();
  while (exists(command)) sleep(1);
  return undefined;
}

function exists(pid: number): boolean {
  try {
    kill(pid, 0);
    return true;
  } catch (failure) {
    return failure instanceof SyscallError && failure.errno !== Errno.ESRCH;
  }
}

/** Any child. waitpid(2) */
const ANY = -1;

function letSignalsEndThis(): void {
  sigaction(Signal.SIGINT, addressOf(libc._exit));
  sigaction(Signal.SIGTERM, addressOf(libc._exit));
  sigprocmask(SIG_UNBLOCK, new SignalSet(WAITED));
}
