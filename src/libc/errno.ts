// What a call of libc left: its result checked, its failure as SyscallError.

import { type Pointer, read as memory } from "bun:ffi";

import { Errno } from "./abi.ts";
import { libc } from "./library.ts";

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
