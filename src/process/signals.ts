// Takes the blocked signals one by one, as they come: the wait of this program.
//
// Why not pause(2), as in pause.c: there the handlers are C and run while it sleeps. JavaScript
// cannot run in a signal handler, so after pause() something has to look what came, and a signal
// between that look and the next pause() waits for another one to be noticed. sigwaitinfo(2) has
// no such gap: it takes a signal that is pending, or sleeps until one is. docs/design.md has the
// measurements.

import { Errno, Signal } from "../libc/abi.ts";
import { SyscallError } from "../libc/errno.ts";
import { getpid } from "../libc/process.ts";
import { kill, maskOf, SignalInfo, SignalSet, sigwaitinfo } from "../libc/signals.ts";

/** Failures in a row after which the wait is put to the test. */
const TRIES = 32;

/** About the signal that nextSignal returned last. */
export const info = new SignalInfo();

/** A deadline that never comes. */
export const NEVER = Number.POSITIVE_INFINITY;

/** sigwaitinfo does not work here, for the reason in `cause`. */
export class CannotWait extends Error {}

/**
 * SIGCHLDs that come within so many milliseconds of each other are a storm. Then children that end
 * are let gather for a moment, and reaped together: one wake-up for all of them instead of one each,
 * which is most of what reaping costs. Nothing else waits for that, and a single child does not.
 */
const STORM = 4;
const GATHERING = 2;

let lastChild = Number.NEGATIVE_INFINITY;
let inStorm = false;

/** The signals that are waited for while children gather. */
let gathering: { readonly of: SignalSet; readonly others: SignalSet } | undefined;

function lookOutForStorms(): void {
  const time = now();
  inStorm = time - lastChild < STORM;
  lastChild = time;
}

/** Waits for a moment for anything but children; 0 if nothing came. */
function letChildrenGather(waited: SignalSet): number {
  inStorm = false;
  if (gathering?.of !== waited) {
    const others = new SignalSet(waited.low & ~maskOf(Signal.SIGCHLD), waited.high);
    gathering = { of: waited, others };
  }
  try {
    return sigwaitinfo(gathering.others, info, GATHERING);
  } catch {
    return 0; // The wait that follows deals with it.
  }
}

/** Now, on the clock of deadlines: milliseconds that no change of the time of day moves. */
export function now(): number {
  return performance.now();
}

/**
 * Sleeps until one of the signals is pending, and takes it. Of several the lowest number comes
 * first, so SIGCHLDs without end do not hold up SIGTERM.
 *
 * A failure is tried again: EINTR comes after SIGSTOP and SIGCONT, or when a handler of the
 * runtime ran. To tell a run of those from a call that is refused for ever (seccomp, an emulator),
 * which must not spin, this process sends itself a SIGCHLD after some: now one is pending, so the
 * next call cannot but return it.
 * @param waited the signals, SIGCHLD among them; all blocked
 * @returns the signal's number, and `info` says who sent it; 0 when the deadline has passed
 * @throws {CannotWait} if even then nothing came
 */
export function nextSignal(waited: SignalSet, deadline = NEVER): number {
  if (inStorm) {
    const signal = letChildrenGather(waited);
    if (signal !== 0) return signal;
  }
  let failure: unknown;
  let last = 0;
  for (let tries = 0; tries <= TRIES; tries++) {
    try {
      if (tries === TRIES) kill(getpid(), Signal.SIGCHLD);
      const signal = sigwaitinfo(waited, info, Math.max(0, deadline - now()));
      if (signal === 0 && now() >= deadline) return 0;
      if (signal === Signal.SIGCHLD) lookOutForStorms();
      if (waited.has(signal)) return signal;
      failure = undefined;
      last = signal;
    } catch (cause) {
      if (now() >= deadline) return 0;
      failure = cause;
    }
  }
  failure ??= noSignal(last, deadline);
  throw new CannotWait(`Cannot wait for signals: ${(failure as Error).message}`, {
    cause: failure,
  });
}

/** What it is that a wait returns what is not waited for, when its time is not up. */
function noSignal(signal: number, deadline: number): Error {
  if (signal !== 0) return new Error(`sigwaitinfo returned ${signal}`);
  return new SyscallError("sigwaitinfo", deadline === NEVER ? Errno.EINTR : Errno.EAGAIN);
}
