// Turns the steps of a plan into contexts of makecontext(3), each linked to the next.
//
// The arena, from its start, which is a multiple of 64 kB:
//
//   block 0 | contexts that last, up to "sayInterrupt" | "addressOfTerminated" |
//   block 1 |      the others, "terminated" where "interrupted" is in 0 | constants |
//   block 2 | room for what is copied too much |
//   block 3 | contexts of the steps before | stack of all |
//
// A function that is entered runs on the stack that its context names and, when it returns, finds
// the way to the link at the top of it. So contexts can share a stack if each runs after those whose
// tops are lower: what it overwrites is done with. Following the link overwrites the way, too (on
// x64 glibc calls setcontext from there), so a context can be entered once. The steps of the cycle
// restore each other's tops, after each round, from a copy. For them no signal is open that has a
// handler, which would have its frame there.

import { ITimerVal, SigAction, SigInfo, Signal, SIGSET_SIZE, SockFprog } from "../libc/abi.ts";
import { putWord } from "../libc/memory.ts";
import { maskOf } from "../libc/signals.ts";
import {
  CALL_STACK,
  contextSize,
  type ContextSite,
  TOP,
  UnknownLayout,
  writeContext,
} from "../libc/contexts.ts";
import {
  type Argument,
  type Call,
  CYCLE_TOPS,
  type DataName,
  INTERRUPT_LINE,
  LASTING,
  type Step,
  type StepName,
  TERMINATED_LINE,
} from "./steps.ts";

/** All that an arena has to hold, with room to spare; what is not touched costs nothing. */
export const ARENA_SIZE = 512 * 1024;

/** A block, and the alignment of an arena: what addresses with the same upper bits share. */
export const BLOCK = 65536;

/** Room for the constants, with some to spare. */
const DATA_SIZE = 2048;

/** What has a handler that returns. */
const HANDLED = maskOf(Signal.SIGALRM);

/**
 * The two that libc keeps to itself, 32 and 33, in the words of a mask. glibc before 2.34 has handlers
 * for them in a library that is gone by then, and takes no other from sigaction. nptl(7)
 */
const [LOW_OF_LIBC, HIGH_OF_LIBC] = [0x8000_0000, 1];

/** Where contexts are written, and what they call. */
export interface Site extends ContextSite {
  readonly functions: Functions;
  /** The filter's instructions, as words. */
  readonly filter: readonly number[];
}

/** Where each function that steps call is. */
export type Functions = Readonly<Record<Call, number>>;

/** Where each step's context is. */
export type Addresses = { [step in StepName]?: number };

/**
 * Writes all contexts of a plan, and the constants they refer to.
 * @returns where each step's context is
 * @throws {UnknownLayout}
 */
export function writeContexts(site: Site, steps: readonly Step[]): Addresses {
  const { start, view } = site.arena;
  const size = contextSize(site.layout);
  const addresses: Addresses = {};
  let [nextLasting, nextPassing] = [start, start + 3 * BLOCK];
  const firstLasting = steps.length - LASTING.length;
  let passing = firstLasting;
  for (const { name } of steps) {
    if (passing-- > 0) {
      addresses[name] = nextPassing;
      nextPassing += size;
    } else {
      if (name === "terminated") nextLasting = (addresses.interrupted ?? 0) + BLOCK;
      addresses[name] = nextLasting;
      nextLasting += size;
    }
  }
  if (nextLasting + DATA_SIZE > start + 2 * BLOCK) {
    throw new UnknownLayout("Cannot fit the contexts into 64 kB");
  }

  let top = CALL_STACK;
  const cycleTops = nextPassing + top + (firstLasting - 1) * TOP;
  const constants = writeConstants(site, nextLasting, addresses, cycleTops);
  for (const step of steps) {
    const context = addresses[step.name] ?? 0;
    const values: number[] = [];
    for (const value of step.arguments) values.push(resolve(value, site, addresses, constants));
    writeContext(site, context, {
      enter: site.functions[step.call],
      arguments: values,
      link: step.next === undefined ? 0 : (addresses[step.next] ?? 0),
      stack: nextPassing,
      stackSize: top,
    });
    top += TOP;
    const mask = context + site.layout.mask - start;
    const low = (site.blocked | HANDLED) & ~(step.opens ?? 0);
    view.setUint32(mask, low | LOW_OF_LIBC, true);
    view.setUint32(mask + 4, view.getUint32(mask + 4, true) | HIGH_OF_LIBC, true);
  }
  for (let index = 0; index < CYCLE_TOPS; index++) {
    view.setUint8(
      constants.cycleTopsAtFirst + index - start,
      view.getUint8(cycleTops + index - start),
    );
  }
  return addresses;
}

function resolve(
  value: Argument,
  { layout }: Site,
  addresses: Addresses,
  constants: Record<DataName, number>,
): number {
  if (typeof value === "number") return value;
  if ("data" in value) return constants[value.data];
  if ("step" in value) return addresses[value.step] ?? 0;
  return (addresses[value.of] ?? 0) + (layout.arguments[value.argument] ?? 0);
}

/** Writes the constants that steps refer to, and returns where each is. */
function writeConstants(
  { arena, layout, filter }: Site,
  address: number,
  addresses: Addresses,
  cycleTops: number,
): Record<DataName, number> {
  const { start, view } = arena;
  const terminated = addresses.terminated ?? 0;
  const signals = address;
  const found = signals + SIGSET_SIZE; // Zero at first; as a sigset_t, and as a siginfo_t.
  const defaultAction = found + Math.max(SIGSET_SIZE, SigInfo.size); // Stays zero: SIG_DFL, no flags.
  const everySecond = defaultAction + SigAction.size;
  const program = everySecond + ITimerVal.size;
  const instructions = program + SockFprog.size;
  const interruptLine = instructions + 4 * filter.length;
  const terminatedLine = interruptLine + INTERRUPT_LINE.length;
  const cycleTopsAtFirst = terminatedLine + TERMINATED_LINE.length;
  const target = cycleTopsAtFirst + CYCLE_TOPS; // The last: what is copied too much comes behind it.
  // Far from there, so that what is copied too much is no part of both.
  const addressOfTerminated = (addresses.sayInterrupt ?? 0) + contextSize(layout);
  view.setUint32(signals - start, maskOf(Signal.SIGINT, Signal.SIGTERM), true);
  putWord(view, everySecond + ITimerVal.intervalSeconds - start, 1);
  putWord(view, everySecond + ITimerVal.valueSeconds - start, 1);
  putWord(view, addressOfTerminated - start, terminated);
  putWord(view, target - start, addresses.nap ?? 0);
  view.setUint16(program + SockFprog.length - start, filter.length / 2, true);
  putWord(view, program + SockFprog.filter - start, instructions);
  for (let index = 0; index < filter.length; index++) {
    view.setUint32(instructions + 4 * index - start, filter[index] ?? 0, true);
  }
  const lines = INTERRUPT_LINE + TERMINATED_LINE;
  for (let index = 0; index < lines.length; index++) {
    view.setUint8(interruptLine + index - start, lines.charCodeAt(index));
  }
  return {
    signals,
    found,
    target,
    defaultAction,
    cycleTops,
    cycleTopsAtFirst,
    everySecond,
    addressOfTerminated,
    filter: program,
    interruptLine,
    terminatedLine,
  };
}
