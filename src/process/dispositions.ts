// What a signal that nobody waits for does to the process: what it does to pause.c.

import { SIG_DFL, SIG_IGN, Signal } from "../libc/abi.ts";
import { maskOf, sigaction, type SignalMask } from "../libc/signals.ts";

/**
 * The runtime's garbage collector stops threads with SIGPWR; if it ever has one to stop, the
 * default action would end the process instead. A stray one does nothing to its handler.
 */
const KEPT: SignalMask = maskOf(Signal.SIGPWR);

/**
 * Takes the runtime's signal handlers away. (SIGCHLD is the reaper's: see reaper.ts.) It reports its
 * own crashes from SIGSEGV, SIGABRT and the like, and then ends; but such a signal may come from any
 * process of the pod, and to PID 1 of a PID namespace the kernel does not even deliver one that has
 * the default disposition. pid_namespaces(7). A real crash still ends the process: the kernel forces that one.
 * @param caught the signals that have a handler, from this process's status
 * @throws {SyscallError}
 */
export function resetDispositions(caught: SignalMask): void {
  for (let signal = 1; signal <= Signal.SIGSYS; signal++) {
    if ((caught & ~KEPT & maskOf(signal)) !== 0) sigaction(signal, SIG_DFL);
  }
}

/**
 * Ignores what a write can bring about: a stderr or stdout whose reader has gone, or a file that
 * must not grow. The write fails then, and says so.
 * @throws {SyscallError}
 */
export function ignoreFailingWrites(): void {
  sigaction(Signal.SIGPIPE, SIG_IGN);
  sigaction(Signal.SIGXFSZ, SIG_IGN);
}
