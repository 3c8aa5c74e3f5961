// Contexts of makecontext(3): calls of libc functions, made ready in memory.

import { type Architecture, UContext } from "./abi.ts";
import { getcontext, type Glibc, makecontext, type RawMemory, swapcontext } from "./glibc.ts";
import { putWord } from "./memory.ts";
import { type SignalMask } from "./signals.ts";

/** Wrappers of system calls need little stack; a signal frame of the kernel's can take 8 kB. */
export const CALL_STACK = 65536;

/** Between the tops of stacks that contexts share: what makecontext puts there. */
export const TOP = 64;

/** The memory does not look as UContext says. */
export class UnknownLayout extends Error {}

/** Where contexts are written, and how they look here. */
export interface ContextSite {
  readonly glibc: Glibc;
  readonly arena: RawMemory;
  readonly layout: (typeof UContext)[Architecture];
  /** The signals that this thread blocks, and so every context. */
  readonly blocked: SignalMask;
}

/** One context: which function it enters, with what, on which stack, and where it goes then. */
export interface Context {
  readonly enter: number;
  readonly arguments: readonly number[];
  /** The next context's address; with 0 the thread ends. */
  readonly link: number;
  readonly stack: number;
  readonly stackSize: number;
}

/** How contexts look on this machine; undefined where that is not known. */
export function contextLayout(): ContextSite["layout"] | undefined {
  const { arch } = process;
  return arch in UContext ? UContext[arch as Architecture] : undefined;
}

/** The room that a context takes. */
export function contextSize(layout: ContextSite["layout"]): number {
  return Math.ceil(layout.size / 16) * 16;
}

/**
 * Writes a context.
 * @param at its address, in the arena
 * @throws {UnknownLayout}
 */
export function writeContext(site: ContextSite, at: number, context: Context): void {
  const { glibc, arena, layout, blocked } = site;
  const { view } = arena;
  const offset = at - arena.start;
  getcontext(glibc, at);
  if ((view.getUint32(offset + layout.mask, true) & 0x7fffffff) !== blocked) {
    throw new UnknownLayout("Cannot find the signal mask in a context");
  }
  putWord(view, offset + layout.link, context.link);
  putWord(view, offset + layout.stack, context.stack);
  putWord(view, offset + layout.stackSize, context.stackSize);
  makecontext(glibc, at, context.enter);
  for (let index = 0; index < context.arguments.length; index++) {
    putWord(view, offset + (layout.arguments[index] ?? 0), context.arguments[index] ?? 0);
  }
}

/**
 * Enters a context that copies three bytes and comes back: were an offset wrong, or were the
 * functions not to do what they should, it would show here, with everything still in place.
 * @param memcpy its address
 * @throws {UnknownLayout}
 */
export function testContexts(site: ContextSite, memcpy: number): void {
  const { start, view } = site.arena;
  const test = start;
  const back = test + contextSize(site.layout);
  const from = back + contextSize(site.layout);
  const to = from + 8;
  view.setUint32(from - start, 0x04030201, true);
  writeContext(site, test, {
    enter: memcpy,
    arguments: [to, from, 3],
    link: back,
    stack: to + 8,
    stackSize: CALL_STACK,
  });
  swapcontext(site.glibc, back, test);
  if (view.getUint32(to - start, true) !== 0x030201) {
    throw new UnknownLayout("Cannot call a function by way of a context");
  }
  view.setUint32(from - start, 0, true);
  view.setUint32(to - start, 0, true);
}
