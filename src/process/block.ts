// Blocks the signals this program waits for, by being imported: main.ts imports it before all else.
//
// Importing is what makes it early enough. A module's imports are evaluated before its first
// statement, and some of Bun's own modules start helper threads when they are evaluated. A thread
// that is born before the block has the signals open, and would take a SIGTERM meant for the loop.
// A thread born after it inherits the block. What was born earlier still: see threads.ts.

import { SIG_BLOCK, Signal } from "../libc/abi.ts";
import { maskOf, type SignalMask, SignalSet, sigprocmask } from "../libc/signals.ts";

/** The signals that are waited for: the two that stop the process, and the one to reap on. */
export const WAITED: SignalMask = maskOf(Signal.SIGINT, Signal.SIGTERM, Signal.SIGCHLD);

const ALL = 0xffff_ffff;

/** All there are. */
export const EVERY_SIGNAL = new SignalSet(ALL, ALL);

/** The mask this process was started with; or, where blocking failed, why. */
export const maskAtStart: SignalSet | Error = block();

/**
 * A blocked signal stays pending until it is waited for, even for PID 1 and even where its
 * disposition is to be ignored (kernel/signal.c, sig_ignored), so from here on none is lost.
 */
function block(): SignalSet | Error {
  try {
    return sigprocmask(SIG_BLOCK, new SignalSet(WAITED));
  } catch (failure) {
    return failure as Error;
  }
}

/**
 * Blocks every signal: before more of the program is loaded, since threads may be born of that, and
 * where there is a command all signals are to be forwarded to it. A fault in this process still
 * ends it, as the kernel then forces the signal. SIGKILL and SIGSTOP, and the two that libc keeps
 * to itself, stay open whatever is asked for.
 * @throws {SyscallError}
 */
export function blockEverySignal(): void {
  sigprocmask(SIG_BLOCK, EVERY_SIGNAL);
}
