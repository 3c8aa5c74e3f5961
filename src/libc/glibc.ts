// What the way out of JavaScript asks of glibc: raw memory, contexts, and where functions are.

import { type Pointer, ptr, read, toArrayBuffer } from "bun:ffi";

import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from "./abi.ts";
import { libc, openGlibc, rareLibc } from "./library.ts";

/** glibc's functions, opened. */
export type Glibc = NonNullable<ReturnType<typeof openGlibc>>;

export { openGlibc };

/** An address as bun:ffi wants it. */
const at = (address: number) => address as Pointer;

/** Memory of this process's own, zeroed, that JavaScript can write to and C can point into. */
export interface RawMemory {
  readonly start: number;
  readonly end: number;
  readonly view: DataView;
}

/**
 * Maps private memory. mmap(2)
 * @param alignment of its start, a power of two
 * @returns undefined where the kernel refuses it
 */
export function mapMemory(glibc: Glibc, size: number, alignment: number): RawMemory | undefined {
  const length = size + alignment;
  const protection = PROT_READ | PROT_WRITE;
  const mapped = Number(glibc.mmap(null, length, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (mapped > Number.MAX_SAFE_INTEGER) return undefined; // MAP_FAILED, all ones.
  const start = Math.ceil(mapped / alignment) * alignment;
  return { start, end: start + size, view: new DataView(toArrayBuffer(at(start), 0, size)) };
}

/** Gives memory back, of which nothing may be used any more. munmap(2) */
export function unmapMemory({ start, end }: RawMemory): void {
  rareLibc().munmap(at(start), end - start);
}

/** Where bytes are, for as long as they are referenced. */
export function addressOfBytes(bytes: ArrayBufferView): number {
  return ptr(bytes as Uint8Array);
}

/** The eight bytes at an address, as the address they are. */
export function pointerAt(address: number): number {
  return Number(read.ptr(at(address), 0));
}

/** Where the variables of libc are that the executable has copies of, as its code sees them. */
export function libcVariables(glibc: Glibc): { environ: number; stdio: number[] } | undefined {
  const environ = symbolAddress(glibc, "environ");
  const stdio = [
    symbolAddress(glibc, "stderr"),
    symbolAddress(glibc, "stdout"),
    symbolAddress(glibc, "stdin"),
  ];
  return environ === 0 || stdio.includes(0) ? undefined : { environ, stdio };
}

/** dlsym(3): in the order in which the program itself finds symbols. */
const RTLD_DEFAULT = null;

/** An address in this thread's storage: errno's. */
export function threadStorage(): number {
  return Number(libc.__errno_location());
}

/** Fills in a context at an address with this thread's registers and mask. getcontext(3) */
export function getcontext(glibc: Glibc, context: number): void {
  glibc.getcontext(at(context));
}

/** Makes a context enter a function, on the stack and with the link that it holds. makecontext(3) */
export function makecontext(glibc: Glibc, context: number, enter: number): void {
  glibc.makecontext(at(context), at(enter), 0);
}

/** Enters a context and comes back when it links to the first. swapcontext(3) */
export function swapcontext(glibc: Glibc, back: number, context: number): void {
  glibc.swapcontext(at(back), at(context));
}

/** Enters a context; returns only where that fails. setcontext(3) */
export function setcontext(glibc: Glibc, context: number): void {
  glibc.setcontext(at(context));
}

/** Where a function or variable is, as the program's own code finds it; 0 if nowhere. dlsym(3) */
export function symbolAddress(glibc: Glibc, name: string): number {
  return Number(glibc.dlsym(RTLD_DEFAULT, name));
}
