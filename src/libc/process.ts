// This process: its environment, what it was executed with, what it becomes, its end.

import { CString, ptr } from "bun:ffi";

import { Errno, PR_SET_SECCOMP, SECCOMP_MODE_FILTER } from "./abi.ts";
import { checked, lastErrno, SyscallError } from "./errno.ts";
import { libc, rareLibc } from "./library.ts";
import { putWord } from "./memory.ts";

/** This process's PID in its own PID namespace. getpid(2), which cannot fail. */
export function getpid(): number {
  return libc.getpid();
}

/** The value of an environment variable; undefined where it is not set. getenv(3) */
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
