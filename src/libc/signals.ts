// Signals: sets of them, what they do, waiting for them, sending them.

import { type Pointer, ptr } from "bun:ffi";

import { Errno, SigAction, SigInfo, SIGSET_SIZE, Timespec } from "./abi.ts";
import { checked, lastErrno, SyscallError } from "./errno.ts";
import { libc, rareLibc } from "./library.ts";
import { putWord } from "./memory.ts";

/**
 * A set of signals: bit n-1 stands for signal n, as in the `Sig…` lines of proc_pid_status(5). Only
 * 1 to 31, which fit a small integer; the real-time signals beyond are nobody's concern here.
 */
export type SignalMask = number;

/** The mask that holds just these signals, each 1 to 31. */
export function maskOf(...signals: readonly number[]): SignalMask {
  let mask = 0;
  for (const signal of signals) mask |= 1 << (signal - 1);
  return mask;
}

/** A `sigset_t` in memory of its own, for calls that take one; real-time signals included. */
export class SignalSet {
  readonly #words = new Uint32Array(SIGSET_SIZE / 4);
  /** Its address, good for as long as the object is referenced. */
  readonly pointer: Pointer = ptr(this.#words);

  /**
   * @param low the signals 1 to 32, of which the lowest bit is the first
   * @param high the signals 33 to 64
   */
  constructor(low = 0, high = 0) {
    this.#words[0] = low;
    this.#words[1] = high;
  }

  /** Which of the signals 1 to 31 it holds. */
  get mask(): SignalMask {
    return this.low & 0x7fffffff;
  }

  /** The signals 1 to 32, as 32 bits. */
  get low(): number {
    return this.#words[0] ?? 0;
  }

  /** The signals 33 to 64. */
  get high(): number {
    return this.#words[1] ?? 0;
  }

  /** Whether it holds a signal. */
  has(signal: number): boolean {
    const word = signal > 32 ? this.high : this.low;
    return signal > 0 && ((word >>> ((signal - 1) & 31)) & 1) !== 0;
  }
}

/** A `siginfo_t` in memory of its own: what the kernel says of a signal that was taken. */
export class SignalInfo {
  readonly #view = new DataView(new ArrayBuffer(SigInfo.size));
  readonly pointer: Pointer = ptr(this.#view);

  /** How it was sent: SI_USER (0), SI_KERNEL, ... sigaction(2) */
  get code(): number {
    return this.#view.getInt32(SigInfo.code, true);
  }

  /** The sender's PID in this process's PID namespace, 0 if it has none there. */
  get pid(): number {
    return this.#view.getInt32(SigInfo.pid, true);
  }

  /** The sender's real user ID. */
  get uid(): number {
    return this.#view.getUint32(SigInfo.uid, true);
  }
}

/**
 * Changes this thread's signal mask. sigprocmask(2)
 * @param how SIG_BLOCK, SIG_UNBLOCK or SIG_SETMASK
 * @returns the mask as it was before
 * @throws {SyscallError}
 */
export function sigprocmask(how: number, set: SignalSet): SignalSet {
  const before = new SignalSet();
  checked("sigprocmask", libc.sigprocmask(how, set.pointer, before.pointer));
  return before;
}

/** For sigaction to fill in, over and over. */
const action = new DataView(new ArrayBuffer(SigAction.size));

/**
 * Sets what a signal does to this process. sigaction(2)
 * @param handler SIG_DFL, SIG_IGN or the address of a native function; never JavaScript
 * @throws {SyscallError}
 */
export function sigaction(signal: number, handler: number, flags = 0): void {
  putWord(action, SigAction.handler, handler);
  action.setInt32(SigAction.flags, flags, true);
  checked("sigaction", libc.sigaction(signal, ptr(action), null));
}

/** For sigtimedwait to read. */
const timeout = new DataView(new ArrayBuffer(Timespec.size));
const timeoutPointer = ptr(timeout);

/**
 * Waits until one of the set's signals is pending and takes it. sigwaitinfo(2), which both libraries
 * make of sigtimedwait(2) without a time, as is done here: one way through, whatever the time.
 * @param info takes what the kernel says of it
 * @param milliseconds for so long at most, 0 or more
 * @returns the signal's number; or 0 when the time is up, or it was interrupted: by a handler, or by
 *   SIGSTOP and SIGCONT, and an exception for each would pile up in memory
 * @throws {SyscallError}
 */
export function sigwaitinfo(
  set: SignalSet,
  info: SignalInfo,
  milliseconds = Number.POSITIVE_INFINITY,
): number {
  const isLimited = milliseconds !== Number.POSITIVE_INFINITY;
  if (isLimited) {
    const seconds = Math.floor(milliseconds / 1000);
    putWord(timeout, Timespec.seconds, seconds);
    putWord(timeout, Timespec.nanoseconds, Math.floor((milliseconds - seconds * 1000) * 1e6));
  }
  const time = isLimited ? timeoutPointer : null;
  const result = libc.sigtimedwait(set.pointer, info.pointer, time);
  if (result !== -1) return result;
  const errno = lastErrno();
  if (errno === Errno.EINTR || (errno === Errno.EAGAIN && isLimited)) return 0;
  throw new SyscallError("sigwaitinfo", errno);
}

/** Failures in a row that are not taken for a chance. */
const TRIES = 3;

/**
 * Whether waiting for signals works, tried without taking one: for none, and not at all.
 * sigtimedwait(2), which says EAGAIN when its time is up
 * @returns the error that speaks against it, or undefined
 */
export function whyNoWait(): string | undefined {
  const nothing = new Uint8Array(SIGSET_SIZE); // As a set of signals, and as a time.
  for (let tries = 1; ; tries++) {
    libc.sigtimedwait(ptr(nothing), null, ptr(nothing));
    const errno = lastErrno();
    if (errno === Errno.EAGAIN) return undefined;
    if (tries === TRIES) return new SyscallError("sigwaitinfo", errno).message;
  }
}

/** Which signals are pending for this thread or process. sigpending(2) */
export function sigpending(): SignalSet {
  const set = new SignalSet();
  rareLibc().sigpending(set.pointer);
  return set;
}

/**
 * Sends a signal. kill(2)
 * @throws {SyscallError}
 */
export function kill(pid: number, signal: number): void {
  checked("kill", rareLibc().kill(pid, signal));
}

/** Sleeps until a signal's handler has run; returns at once where it is refused. pause(2) */
export function pause(): void {
  rareLibc().pause();
}

/**
 * Sleeps. sleep(3)
 * @returns the seconds that were left when a handler ran or the call was refused, else 0
 */
export function sleep(seconds: number): number {
  return rareLibc().sleep(seconds);
}

/** What a signal is called in a message: "Terminated". strsignal(3) */
export function strsignal(signal: number): string {
  return String(rareLibc().strsignal(signal));
}
