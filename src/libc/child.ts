// What libc has for a process with a command of its own: to make it, to hand on descriptors and the
// terminal, and to get its orphans. Nothing of it is loaded where a pod is held as it is.

import type { Pointer } from "bun:ffi";

import {
  F_SETFD,
  O_CLOEXEC,
  O_NOCTTY,
  O_RDONLY,
  PR_SET_CHILD_SUBREAPER,
  PR_SET_PDEATHSIG,
} from "./abi.ts";
import { checked } from "./errno.ts";
import { libc, rareLibc } from "./library.ts";

/**
 * Has orphans of all descendants re-parented to this process. PR_SET_CHILD_SUBREAPER(2const)
 * @throws {SyscallError} EINVAL before Linux 3.4
 */
export function becomeSubreaper(): void {
  checked("prctl", rareLibc().prctl(PR_SET_CHILD_SUBREAPER, 1, null));
}

/**
 * Has the kernel send this process a signal when its parent dies. PR_SET_PDEATHSIG(2const)
 * @throws {SyscallError}
 */
export function setParentDeathSignal(signal: number): void {
  checked("prctl", rareLibc().prctl(PR_SET_PDEATHSIG, signal, null));
}

/**
 * Changes the working directory. chdir(2)
 * @throws {SyscallError}
 */
export function chdir(path: string): void {
  checked("chdir", rareLibc().chdir(path));
}

/** This process's process group. getpgrp(2), which cannot fail. */
export function getpgrp(): number {
  return rareLibc().getpgrp();
}

/**
 * Opens a file for reading, never as a controlling terminal. open(2)
 * @throws {SyscallError}
 */
export function open(path: string): number {
  return checked("open", libc.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
}

/**
 * Has a descriptor stay open, or not, where this process executes something. fcntl(2), F_SETFD
 * @param flags 0 or FD_CLOEXEC
 * @throws {SyscallError}
 */
export function setDescriptorFlags(fd: number, flags: number): void {
  checked("fcntl", rareLibc().fcntl(fd, F_SETFD, flags));
}

/**
 * The foreground process group of a terminal. tcgetpgrp(3)
 * @throws {SyscallError} ENOTTY where the descriptor is not this process's controlling terminal
 */
export function tcgetpgrp(fd: number): number {
  return checked("tcgetpgrp", rareLibc().tcgetpgrp(fd));
}

/**
 * Makes a process group the foreground of a terminal. With SIGTTOU blocked it works from the
 * background too. tcsetpgrp(3)
 * @throws {SyscallError} also where the group has gone
 */
export function tcsetpgrp(fd: number, group: number): void {
  checked("tcsetpgrp", rareLibc().tcsetpgrp(fd, group));
}

/** A child that begins with a call of a C function, on memory that it shares. */
export interface Clone {
  /** The function's address. */
  readonly enter: number;
  /** What it is called with. */
  readonly argument: number;
  /** The upper end of its stack. */
  readonly stack: number;
  readonly flags: number;
  /** Where CLONE_PARENT_SETTID stores its PID, in four bytes. */
  readonly pidAt: number;
}

/**
 * Makes a child. clone(2), the wrapper
 * @returns its PID
 * @throws {SyscallError} EAGAIN where there may be no more processes
 */
export function clone({ enter, argument, stack, flags, pidAt }: Clone): number {
  const at = (address: number) => address as Pointer;
  const pid = rareLibc().clone(at(enter), at(stack), flags, at(argument), at(pidAt), null, null);
  return checked("clone", pid);
}
