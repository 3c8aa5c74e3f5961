// Takes the blocked signals one by one, as they come: the wait of this program.
//
// Why not pause(2), as in pause.c: there the handlers are C and run while it sleeps. JavaScript
// cannot run in a signal handler, so after pause() something has to look what came, and a signal
// between that look and the next pause() waits for another one to be noticed. sigwaitinfo(2) has
// no such gap: it takes a signal that is pending, or sleeps until one is. docs/design.md has the
// measurements.

import { Signal } from "../libc/abi.ts";
import { getpid, kill, SignalInfo, SignalSet, sigwaitinfo } from "../libc/calls.ts";
import { WAITED } from "./block.ts";

/** Failures in a row after which the wait is put to the test. */
const TRIES = 32;

const waited = new SignalSet(WAITED);

/** About the signal that nextSignal returned last. */
export const info = new SignalInfo();

/** sigwaitinfo does not work here, for the reason in `cause`. */
export class CannotWait extends Error {}

/**
 * Sleeps until SIGINT, SIGTERM or SIGCHLD is pending, and takes it. Of several the lowest number
 * comes first, so SIGCHLDs without end do not hold up SIGTERM.
 *
 * A failure is tried again: EINTR comes after SIGSTOP and SIGCONT, or when a handler of the
 * runtime ran. To tell a run of those from a call that is refused for ever (seccomp, an emulator),
 * which must not spin, this process sends itself a SIGCHLD after some: now one is pending, so the
 * next call cannot but return it.
 * @returns the signal's number; `info` says who sent it
 * @throws {CannotWait} if even then nothing came
 */
export function nextSignal(): number {
  let failure: unknown;
  for (let tries = 0; tries <= TRIES; tries++) {
    try {
      if (tries === TRIES) kill(getpid(), Signal.SIGCHLD);
      const signal = sigwaitinfo(waited, info);
      if (isWaitedFor(signal)) return signal;
      failure = new Error(`sigwaitinfo returned ${signal}`);
    } catch (cause) {
      failure = cause;
    }
  }
  throw new CannotWait(`Cannot wait for signals: ${(failure as Error).message}`, {
    cause: failure,
  });
}

function isWaitedFor(signal: number): boolean {
  return signal === Signal.SIGCHLD || signal === Signal.SIGTERM || signal === Signal.SIGINT;
}
