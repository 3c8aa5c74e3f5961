// The wait that needs nothing but pause(2), for where sigwaitinfo(2) does not work.

import { Errno, SIG_DFL, SIG_UNBLOCK, Signal } from "../libc/abi.ts";
import { SyscallError } from "../libc/errno.ts";
import { readTextFile } from "../libc/files.ts";
import { addressOf, libc } from "../libc/library.ts";
import { kill, pause, sigaction, SignalSet, sigprocmask, sleep } from "../libc/signals.ts";
import { waitStatus } from "../libc/wait.ts";
import { WAITED } from "./mask.ts";
import { letTheKernelReap, reapOne } from "./reaper.ts";
import { field } from "./status.ts";

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
  attempt(letTheKernelReap);
  letSignalsEndThis();
  for (let sleepless = 0; sleepless < TRIES;) {
    pause();
    sleepless = sleep(1) === 0 ? 0 : sleepless + 1;
  }
}

/**
 * The same where there is a command: reaps by a call that sleeps, until the command has ended.
 * Where that is refused, the kernel reaps, and all to be seen is that the command has gone.
 * @returns what became of it, for decodeWaitStatus; undefined where that cannot be known
 */
export function waitOnTheFloor(command: number): number | undefined {
  attempt(() => sigaction(Signal.SIGCHLD, SIG_DFL));
  letSignalsEndThis();
  try {
    for (let pid = -1; pid !== 0;) {
      pid = reapOne(0);
      if (pid === command) return waitStatus();
    }
  } catch {
    // Both calls are refused.
  }
  attempt(letTheKernelReap);
  while (runs(command)) sleep(1);
  return undefined;
}

/** Whether a process is there, and not a zombie that cannot be reaped. */
function runs(pid: number): boolean {
  try {
    return !field(readTextFile(`/proc/${pid}/status`), "State")?.startsWith("Z");
  } catch {
    return exists(pid); // It has gone, or there is no /proc.
  }
}

function exists(pid: number): boolean {
  try {
    kill(pid, 0);
    return true;
  } catch (failure) {
    return failure instanceof SyscallError && failure.errno !== Errno.ESRCH;
  }
}

function letSignalsEndThis(): void {
  for (const signal of [Signal.SIGINT, Signal.SIGTERM]) {
    attempt(() => sigaction(signal, addressOf(libc._exit)));
  }
  attempt(() => sigprocmask(SIG_UNBLOCK, new SignalSet(WAITED)));
}

/** Does what can be done without: there is nothing below the floor. */
function attempt(step: () => unknown): void {
  try {
    step();
  } catch {
    // PID 1 stays all the same.
  }
}
