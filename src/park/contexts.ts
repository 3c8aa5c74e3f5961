// Turns the steps of a plan into contexts of makecontext(3), each linked to the next.
//
// The arena, from its start, which is a multiple of 64 kB:
//
//   block 0 | contexts that last | constants                       |
//   block 1 |      "terminated", where "interrupted" is in block 0 |
//   block 2 | contexts of the steps before the wait | stack of all |
//
// A function that is entered runs on the stack that its context names and, when it returns, finds
// the way to the link at the top of it. So contexts can share a stack if each runs after those whose
// tops are lower: what it overwrites is done with. Following the link overwrites the way, too (on
// x64 glibc calls setcontext from there), so a context can be entered once. The steps of the cycle
// restore each other's tops, before each round, from a copy.

import { ITimerVal, SIG_IGN, SigAction, Signal, SIGSET_SIZE, SockFprog } from "../libc/abi.ts";
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
  CYCLE,
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
  let [nextLasting, nextPassing] = [start, start + 2 * BLOCK];
  let passing = steps.length - LASTING.length;
  for (const { name } of steps) {
    if (name === "terminated") {
      addresses.terminated = (addresses.interrupted ?? 0) + BLOCK;
    } else if (passing-- > 0) {
      addresses[name] = nextPassing;
      nextPassing += size;
    } else {
      addresses[name] = nextLasting;
      nextLasting += size;
    }
  }
  if (nextLasting + DATA_SIZE > start + BLOCK) {
    throw new UnknownLayout("Cannot fit the contexts into 64 kB");
  }

  // The tops of the cycle's steps are the last ones, each as far from the one before.
  let top = CALL_STACK;
  const cycleTops = nextPassing + top + (steps.length - 1 - CYCLE.length) * TOP;
  const terminated = addresses.terminated ?? 0;
  const constants = writeConstants(site, nextLasting, terminated, cycleTops);
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
    if (CYCLE.includes(step.name)) {
      // These wait with the signals open, for libc's _exit to be their handler.
      const open = site.blocked & ~maskOf(Signal.SIGINT, Signal.SIGTERM);
      view.setUint32(context + site.layout.mask - start, open, true);
    }
  }
  for (let index = 0; index < CYCLE.length * TOP; index++) {
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
  { arena, filter }: Site,
  address: number,
  terminated: number,
  cycleTops: number,
): Record<DataName, number> {
  const { start, view } = arena;
  const signals = address;
  const defaultAction = signals + SIGSET_SIZE; // Stays zero: SIG_DFL, no flags.
  const ignoreAction = defaultAction + SigAction.size;
  const everySecond = ignoreAction + SigAction.size;
  const addressOfTerminated = everySecond + ITimerVal.size;
  const program = addressOfTerminated + 16; // Up to 15 bytes are copied.
  const instructions = program + SockFprog.size;
  const interruptLine = instructions + 4 * filter.length;
  const terminatedLine = interruptLine + INTERRUPT_LINE.length;
  const cycleTopsAtFirst = terminatedLine + TERMINATED_LINE.length;
  putWord(view, ignoreAction + SigAction.handler - start, SIG_IGN);
  view.setUint32(signals - start, maskOf(Signal.SIGINT, Signal.SIGTERM), true);
  putWord(view, everySecond + ITimerVal.intervalSeconds - start, 1);
  putWord(view, everySecond + ITimerVal.valueSeconds - start, 1);
  putWord(view, addressOfTerminated - start, terminated);
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
    defaultAction,
    ignoreAction,
    cycleTops,
    cycleTopsAtFirst,
    everySecond,
    addressOfTerminated,
    filter: program,
    interruptLine,
    terminatedLine,
  };
}
