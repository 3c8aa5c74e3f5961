// Waits, and writes, so that SIGINT and SIGTERM, where they are blocked, end both at once.

import { Errno, SIG_SETMASK, Signal } from "../../libc/abi.ts";
import { SyscallError } from "../../libc/errno.ts";
import { firstPiece, pollForWriting, write } from "../../libc/files.ts";
import {
  maskOf,
  SignalInfo,
  SignalSet,
  sigpending,
  sigprocmask,
  sigwaitinfo,
} from "../../libc/signals.ts";

/** stdout does not take the answer, for the reason in the message. */
export class CannotPrint extends Error {}

/** SIGINT or SIGTERM came. */
export class Stopped extends Error {}

const stopping = new SignalSet(maskOf(Signal.SIGINT, Signal.SIGTERM));
const info = new SignalInfo();

/**
 * Opens the signals that this program has blocked by now, so that they do what they do to any
 * program: end a single look, or stop it at Ctrl-Z.
 * @param mask the signal mask that this program was started with
 * @param stopsByHand whether SIGINT and SIGTERM stay blocked, for `wait` and `print` to take
 * @throws {SyscallError}
 */
export function openSignals({ low, high }: SignalSet, stopsByHand: boolean): void {
  sigprocmask(SIG_SETMASK, new SignalSet(stopsByHand ? low | stopping.low : low, high));
}

/**
 * Waits.
 * @throws {Stopped} at once when SIGINT or SIGTERM comes, or is pending
 * @throws {SyscallError} where sigwaitinfo is refused
 */
export function wait(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  let left = milliseconds;
  for (let failures = 1; ; failures++) {
    try {
      if (sigwaitinfo(stopping, info, left) !== 0) throw new Stopped();
      left = end - performance.now();
      if (left <= 0) {
        // Should it never take one, and looks take longer than what is between them.
        if ((sigpending().mask & stopping.mask) !== 0) throw new Stopped();
        return;
      }
      // It says that the time is up, and it is not.
      if (failures === TRIES) throw new SyscallError("sigwaitinfo", Errno.EAGAIN);
    } catch (failure) {
      if (!(failure instanceof SyscallError)) throw failure;
      left = Math.max(0, end - performance.now());
      // EINTR comes after SIGSTOP and SIGCONT, but not without end.
      if (failures === TRIES || failure.errno !== Errno.EINTR) throw failure;
    }
  }
}

/** Failures in one wait after which it is taken not to wait at all. */
const TRIES = 32;

const STDOUT = 1;

/** How often a reader that does not read is asked again, in milliseconds. */
const BEAT = 100;

/**
 * Prints to stdout, and waits for a slow reader to take it; in pieces that, once poll says that
 * there is room, a pipe or terminal takes without waiting.
 * @throws {Stopped} if a signal comes while the reader takes nothing
 * @throws {CannotPrint} closed, full disk, reader gone
 */
export function print(text: string): void {
  let rest: Uint8Array = new TextEncoder().encode(text);
  for (let failures = 1; rest.length > 0;) {
    try {
      if (pollForWriting(STDOUT, BEAT))
        rest = rest.subarray(write(STDOUT, firstPiece(STDOUT, rest)));
      else wait(0);
      failures = 1;
    } catch (failure) {
      if (!(failure instanceof SyscallError)) throw failure;
      // After SIGSTOP and SIGCONT.
      if (failure.errno === Errno.EINTR && failures++ < TRIES) continue;
      throw new CannotPrint(`Cannot write to stdout: ${failure.message}`, { cause: failure });
    }
  }
}
