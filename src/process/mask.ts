// The signals that this program keeps blocked, and takes when it waits.

import { SIG_BLOCK, Signal } from "../libc/abi.ts";
import { maskOf, SignalSet, sigprocmask, type SignalMask } from "../libc/signals.ts";

/** The signals that are waited for: the two that stop the process, and the one to reap on. */
export const WAITED: SignalMask = maskOf(Signal.SIGINT, Signal.SIGTERM, Signal.SIGCHLD);

/** The same, and the one on which it says how it is; for where it stays awake. */
export const WATCHED: SignalMask = WAITED | maskOf(Signal.SIGUSR1);

const ALL = 0xffff_ffff;

/** All there are. */
export const EVERY_SIGNAL = new SignalSet(ALL, ALL);

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
