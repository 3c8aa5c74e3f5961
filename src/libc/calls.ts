// libc's functions with types: arguments checked by the compiler, failures as SyscallError.
//
// Nothing here allocates when the call succeeds, so the waiting loop can run for years.

import { CString, type Pointer, ptr, read as memory } from "bun:ffi";

import {
  CLD_CONTINUED,
  CLD_DUMPED,
  CLD_EXITED,
  CLD_KILLED,
  DIRENT_NAME,
  Errno,
  MADV_DONTNEED,
  O_CLOEXEC,
  O_RDONLY,
  P_ALL,
  P_PID,
  PollFd,
  POLLOUT,
  PR_SET_SECCOMP,
  SECCOMP_MODE_FILTER,
  SigAction,
  SigInfo,
  SIGSET_SIZE,
  Timespec,
} from "./abi.ts";
import { libc, rareLibc } from "./library.ts";

/** A system call that failed: which one, and with what. */
export class SyscallError extends Error {
  /** The function's name, as in its man page. */
  readonly call: string;
  /** The error number it left. */
  readonly errno: number;

  constructor(call: string, errno: number) {
    const name = Object.entries(Errno).find(([, number]) => number === errno)?.[0];
    super(`${call} failed with ${name ?? `errno ${errno}`}`);
    this.call = call;
    this.errno = errno;
  }
}

/** Nothing may run between a call and this: the next libc call could set errno anew. */
export function lastErrno(): number {
  return memory.i32(libc.__errno_location() as Pointer, 0);
}

/** Most of libc says "-1, see errno"; this turns it into an exception. */
export function checked(call: string, result: number): number {
  if (result === -1) throw new SyscallError(call, lastErrno());
  return result;
}

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

/**
 * Writes an address, or another whole number below 2^53, as eight bytes in the machine's order.
 * By shifts and a division: % and ** go to libm, whose pages would have to be read for it.
 */
export function putWord(view: DataView, offset: number, value: number): void {
  const low = value >>> 0;
  view.setUint32(offset, low, true);
  view.setUint32(offset + 4, (value - low) / 0x1_0000_0000, true);
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
 * @returns the signal's number, or 0 when the time is up
 * @throws {SyscallError} EINTR when another signal's handler ran, or after SIGSTOP and SIGCONT
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
  const result = rareLibc().sigtimedwait(set.pointer, info.pointer, time);
  if (result !== -1) return result;
  const errno = lastErrno();
  if (errno === Errno.EAGAIN && isLimited) return 0;
  throw new SyscallError("sigwaitinfo", errno);
}

const status = new Int32Array(1);
const statusPointer = ptr(status);

/** Gives pages back: a file's are read again when they are touched. madvise(2), MADV_DONTNEED */
export function giveBack(start: number, length: number): void {
  rareLibc().madvise(start, length, MADV_DONTNEED);
}

/** What waitpid or waitid said last of a child: see wait-status.ts. */
export function waitStatus(): number {
  return status[0] ?? 0;
}

/**
 * Reaps one child that has ended, and leaves what became of it to waitStatus. waitpid(2)
 * @param pid the child, or -1 for any
 * @returns its PID, or 0 when none has ended; also when there is no child at all (ECHILD), which
 *   is how nearly every drain ends and no reason to make an exception
 * @throws {SyscallError}
 */
export function waitpid(pid: number, options: number): number {
  const result = libc.waitpid(pid, statusPointer, options);
  if (result !== -1) return result;
  const errno = lastErrno();
  if (errno === Errno.ECHILD) return 0;
  throw new SyscallError("waitpid", errno);
}

const changed = new DataView(new ArrayBuffer(SigInfo.size));

/**
 * The same as waitpid by another call, which can also look without reaping. waitid(2)
 * @param pid the child, or -1 for any
 * @param options what to wait for, and WNOWAIT to leave it as it is
 * @throws {SyscallError}
 */
export function waitid(pid: number, options: number): number {
  changed.setInt32(SigInfo.pid, 0, true);
  const type = pid === -1 ? P_ALL : P_PID; // P_ALL ignores the PID.
  const result = rareLibc().waitid(type, pid, ptr(changed), options);
  if (result === 0) {
    status[0] = toWaitStatus(
      changed.getInt32(SigInfo.code, true),
      changed.getInt32(SigInfo.status, true),
    );
    return changed.getInt32(SigInfo.pid, true);
  }
  const errno = lastErrno();
  if (errno === Errno.ECHILD) return 0;
  throw new SyscallError("waitid", errno);
}

/** What waitpid would have said of a child. wait-status.ts has the macros. */
function toWaitStatus(code: number, value: number): number {
  if (code === CLD_EXITED) return (value & 0xff) << 8;
  if (code === CLD_KILLED) return value;
  if (code === CLD_DUMPED) return value | 0x80;
  return code === CLD_CONTINUED ? 0xffff : (value << 8) | 0x7f;
}

/**
 * Whether waiting for signals works, tried without taking one: for none, and not at all.
 * sigtimedwait(2), which says EAGAIN when its time is up
 */
export function canWaitForSignals(): boolean {
  try {
    return sigwaitinfo(new SignalSet(), new SignalInfo(), 0) === 0;
  } catch {
    return false;
  }
}

/**
 * Whether the kernel would take a filter of system calls, tried with none: it says EFAULT once it
 * has found nothing else to refuse. prctl(2), PR_SET_SECCOMP
 * @returns the error that speaks against it, or undefined
 */
export function whyNoFilter(): string | undefined {
  const result = rareLibc().prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, null);
  const errno = lastErrno();
  if (result === -1 && errno === Errno.EFAULT) return undefined;
  return new SyscallError("prctl", errno).message;
}

/**
 * The value of an environment variable; undefined where it is not set. getenv(3)
 */
export function getenv(name: string): string | undefined {
  const pointer = libc.getenv(name);
  return pointer === null ? undefined : String(new CString(pointer));
}

/** Sets an environment variable, for what this process executes. setenv(3) */
export function setenv(name: string, value: string): void {
  rareLibc().setenv(name, value, 1);
}

/** Takes a variable out of the environment. unsetenv(3) */
export function unsetenv(name: string): void {
  rareLibc().unsetenv(name);
}

/** This process's PID in its own PID namespace. getpid(2), which cannot fail. */
export function getpid(): number {
  return libc.getpid();
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

/**
 * Writes bytes, as many as the descriptor takes. write(2)
 * @returns how many it took
 * @throws {SyscallError}
 */
export function write(fd: number, bytes: Uint8Array): number {
  return checked("write", Number(libc.write(fd, ptr(bytes), bytes.length)));
}

/**
 * Whether a write would go through now. poll(2)
 * @param milliseconds how long to wait for it, -1 for ever
 * @returns true too for a descriptor in error, since the write then fails at once and says why
 * @throws {SyscallError}
 */
export function pollForWriting(fd: number, milliseconds: number): boolean {
  const request = new DataView(new ArrayBuffer(PollFd.size));
  request.setInt32(PollFd.fd, fd, true);
  request.setInt16(PollFd.events, POLLOUT, true);
  return checked("poll", libc.poll(ptr(request), 1, milliseconds)) > 0;
}

/**
 * A whole file of /proc, as bytes.
 * @throws {SyscallError} from open(2) or read(2)
 */
export function readFile(path: string): Uint8Array {
  const fd = checked("open", libc.open(path, O_RDONLY | O_CLOEXEC));
  try {
    let bytes = new Uint8Array(8192);
    for (let length = 0; ;) {
      if (length === bytes.length) {
        const larger = new Uint8Array(2 * length);
        larger.set(bytes);
        bytes = larger;
      }
      const room = bytes.length - length;
      const count = checked("read", Number(libc.read(fd, ptr(bytes, length), room)));
      if (count === 0) return bytes.subarray(0, length);
      length += count;
    }
  } finally {
    libc.close(fd);
  }
}

/**
 * A whole file of /proc, as text.
 * @throws {SyscallError} from open(2) or read(2)
 */
export function readTextFile(path: string): string {
  const bytes = readFile(path);
  return bytes.length === 0 ? "" : String(new CString(ptr(bytes), 0, bytes.length));
}

/**
 * The beginning of a file of /proc, into memory that is there already: for the last look before the
 * runtime is left, when nothing may be allocated any more; and without an exception for a process
 * that has just ended, which among thousands is nothing unusual.
 * @returns how many bytes there are; or the error number of open(2) or read(2), negated
 */
export function readBeginning(path: string, buffer: Uint8Array): number {
  const fd = libc.open(path, O_RDONLY | O_CLOEXEC);
  if (fd === -1) return -lastErrno();
  const length = Number(libc.read(fd, ptr(buffer), buffer.length));
  const result = length === -1 ? -lastErrno() : length;
  libc.close(fd);
  return result;
}

/** Closes a descriptor. close(2) */
export function close(fd: number): void {
  libc.close(fd);
}

/**
 * The names in a directory, without "." and "..". opendir(3), readdir(3)
 * @throws {SyscallError} when it cannot be opened
 */
export function readDirectory(path: string): string[] {
  const directory = rareLibc().opendir(path);
  if (directory === null) throw new SyscallError("opendir", lastErrno());
  try {
    const names: string[] = [];
    for (;;) {
      const entry = rareLibc().readdir(directory);
      if (entry === null) return names;
      const name = String(new CString(entry, DIRENT_NAME));
      if (name !== "." && name !== "..") names.push(name);
    }
  } finally {
    rareLibc().closedir(directory);
  }
}

/**
 * A string of the auxiliary vector. getauxval(3)
 * @returns undefined where the kernel did not pass it
 */
export function auxiliaryString(type: number): string | undefined {
  const pointer = libc.getauxval(type);
  return pointer === null ? undefined : String(new CString(pointer));
}

/** A number of the auxiliary vector, 0 where the kernel did not pass it. getauxval(3) */
export function auxiliaryNumber(type: number): number {
  return Number(libc.getauxval(type));
}

/**
 * The vector that execve(2) takes, for arguments that are one after the other.
 * @param argv the arguments from argv[0] on, each ended by a NUL, as in /proc/PID/cmdline; it must
 *   be there for as long as the vector is used
 */
export function argumentVector(argv: Uint8Array): { vector: DataView; count: number } {
  const pointers: number[] = [];
  for (let start = 0; start < argv.length; start = argv.indexOf(0, start) + 1) {
    pointers.push(ptr(argv, start));
  }
  const vector = new DataView(new ArrayBuffer(8 * (pointers.length + 1)));
  for (const [index, pointer] of pointers.entries()) putWord(vector, 8 * index, pointer);
  return { vector, count: pointers.length };
}

/**
 * Becomes another program, with this process's environment. execv(3)
 * @param argv as for argumentVector
 * @returns only by throwing
 * @throws {SyscallError}
 */
export function execv(path: string, argv: Uint8Array): never {
  checked("execv", rareLibc().execv(path, ptr(argumentVector(argv).vector)));
  throw new SyscallError("execv", 0);
}

/** Ends the process at once: no destructor, no event loop. _exit(2) */
export function exit(code: number): never {
  libc._exit(code);
  throw new Error("_exit returned");
}
