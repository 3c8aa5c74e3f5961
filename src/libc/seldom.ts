// libc's functions that only the commands beside holding a pod open call. Imported lazily, by them.

import { ptr } from "bun:ffi";

import { SYS_pidfd_open, SYS_pidfd_send_signal } from "./abi.ts";
import { checked } from "./errno.ts";
import { rareLibc } from "./library.ts";

/**
 * Where a symbolic link leads. readlink(2)
 * @returns undefined where it cannot be read
 */
export function readlink(path: string): string | undefined {
  const buffer = new Uint8Array(4096); // PATH_MAX
  const length = Number(rareLibc().readlink(path, ptr(buffer), buffer.length));
  return length === -1 ? undefined : new TextDecoder().decode(buffer.subarray(0, length));
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

/** A system call without a function of its own; what it takes beyond two arguments is 0. syscall(2) */
function system(name: string, number: number, first: number, second: number): number {
  return checked(name, Number(rareLibc().syscall(number, first, second, 0, 0)));
}
