// libc's functions that only the commands beside holding a pod open call. Imported lazily, by them.

import { ptr } from "bun:ffi";

import { O_CLOEXEC, O_RDONLY, SYS_pidfd_open, SYS_pidfd_send_signal } from "./abi.ts";
import { lastErrno, SyscallError } from "./calls.ts";
import { libc, rareLibc } from "./library.ts";

/**
 * The beginning of a file, into memory that is there already: no exception for a process that has
 * just ended, which among thousands is nothing unusual.
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

/**
 * Where a symbolic link leads. readlink(2)
 * @returns undefined where it cannot be read
 */
export function readlink(path: string): string | undefined {
  const buffer = new Uint8Array(4096); // PATH_MAX
  const length = Number(rareLibc().readlink(path, ptr(buffer), buffer.length));
  return length === -1 ? undefined : new TextDecoder().decode(buffer.subarray(0, length));
}

/** Whether a descriptor is a terminal. isatty(3) */
export function isatty(fd: number): boolean {
  return rareLibc().isatty(fd) === 1;
}

/**
 * A descriptor that stands for a process, and never for another one that gets its PID.
 * pidfd_open(2), by number since glibc before 2.36 has no function for it.
 * @throws {SyscallError} ESRCH when there is none; ENOSYS before Linux 5.3, or, like EPERM, where a
 *   seccomp filter does not know the call
 */
export function pidfdOpen(pid: number): number {
  return system("pidfd_open", SYS_pidfd_open, pid, 0);
}

/**
 * Sends a signal to the process that a descriptor stands for. pidfd_send_signal(2)
 * @throws {SyscallError} ESRCH when it has ended and been reaped, EPERM
 */
export function pidfdSendSignal(pidfd: number, signal: number): void {
  system("pidfd_send_signal", SYS_pidfd_send_signal, pidfd, signal);
}

/** Closes a descriptor. close(2) */
export function close(fd: number): void {
  libc.close(fd);
}

/** A system call without a function of its own; what it takes beyond two arguments is 0. syscall(2) */
function system(name: string, number: number, first: number, second: number): number {
  const result = Number(rareLibc().syscall(number, first, second, 0, 0));
  if (result === -1) throw new SyscallError(name, lastErrno());
  return result;
}
