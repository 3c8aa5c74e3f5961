// Parks: leaves JavaScript for good, gives its memory back, and waits in libc alone.

import { type Architecture, AT_PAGESZ, AT_PHDR, Signal } from "../libc/abi.ts";
import { readBeginning, readTextFile } from "../libc/files.ts";
import { auxiliaryNumber } from "../libc/process.ts";
import { sigaction, whyNoWait } from "../libc/signals.ts";
import { contextLayout, testContexts } from "../libc/contexts.ts";
import {
  type Glibc,
  libcVariables,
  mapMemory,
  openGlibc,
  pointerAt,
  setcontext,
  symbolAddress,
  threadStorage,
} from "../libc/glibc.ts";
import { resetDispositions } from "../process/dispositions.ts";
import { letTheKernelReap } from "../process/reaper.ts";
import type { Status } from "../process/status.ts";
import { type Addresses, type Functions, BLOCK, ARENA_SIZE, writeContexts } from "./contexts.ts";
import { makeFilter } from "./filter.ts";
import { parseMaps } from "./maps.ts";
import { firstStep, makePlan, type Plan } from "./plan.ts";
import { type Call, CALLS } from "./steps.ts";

/** A way out that is ready to be taken. */
export interface WayOut {
  readonly glibc: Glibc;
  readonly plan: Plan;
  /** Where a step's context is. */
  readonly contexts: Addresses;
  /** libc's functions. */
  readonly functions: Functions;
  /** Why it cannot wait for signals, if so: then it holds by pause. */
  readonly refusal: string | undefined;
}

/**
 * Makes everything ready to park, and changes nothing yet.
 * @param self this process's status, the signals blocked
 * @returns the way out; or, in words, why there is none
 */
export function findWayOut(self: Status): WayOut | string {
  const layout = contextLayout();
  if (layout === undefined) return `the layout of a context on ${process.arch} is not known`;
  if (self.shadowStack) return "the thread has a shadow stack";
  const glibc = openGlibc();
  if (glibc === undefined) return "libc has no makecontext (musl has not)";
  const arena = mapMemory(glibc, ARENA_SIZE, BLOCK);
  if (arena === undefined) return "the kernel gives no memory for the contexts";
  const variables = libcVariables(glibc);
  if (variables === undefined) return "libc's stderr cannot be found";
  try {
    const functions = {} as Record<Call, number>;
    for (const name of CALLS) functions[name] = symbolAddress(glibc, name);
    const filter = makeFilter(process.arch as Architecture);
    const site = { glibc, arena, layout, functions, filter, blocked: self.blocked };
    testContexts(site, functions.memcpy);
    const memory = {
      maps: parseMaps(readTextFile("/proc/self/maps")),
      executable: auxiliaryNumber(AT_PHDR),
      thread: threadStorage(),
      variables: [variables.environ, ...variables.stdio],
      stackInUse: pointerAt(variables.environ),
      functions: Object.values(functions),
      arena,
      page: auxiliaryNumber(AT_PAGESZ),
    };
    const refusal = whyNoWait();
    const plan = makePlan(memory, refusal === undefined);
    const contexts = writeContexts(site, plan.steps);
    return { glibc, plan, contexts, functions, refusal };
  } catch (failure) {
    return (failure as Error).message;
  }
}

/**
 * Takes the way out. The process ends by it, and never comes back to JavaScript.
 * @throws {Error} if the first context cannot be entered; the kernel reaps by then
 */
export function park({ glibc, contexts, functions, refusal }: WayOut, self: Status): never {
  resetDispositions(self.caught);
  letTheKernelReap();
  if (refusal !== undefined) {
    sigaction(Signal.SIGINT, functions._exit);
    sigaction(Signal.SIGTERM, functions._exit);
  }
  // Interrupts a write that blocks, since it has no SA_RESTART, and does nothing.
  sigaction(Signal.SIGALRM, functions.getpid);
  const alone = contexts[firstStep(true)] ?? 0;
  const together = contexts[firstStep(false)] ?? 0;
  setcontext(glibc, isOnlyThread() ? alone : together);
  throw new Error("Cannot enter a context");
}

const status = new Uint8Array(4096);
const ONE_THREAD = new TextEncoder().encode("\nThreads:\t1\n");

/**
 * Whether this is the only thread. To be asked last, since unmapping memory under another thread
 * would crash it; and without allocating, which could start one.
 */
export function isOnlyThread(): boolean {
  const length = readBeginning("/proc/self/status", status);
  let matched = 0;
  for (let index = 0; index < length && matched < ONE_THREAD.length; index++) {
    if (status[index] === ONE_THREAD[matched]) matched++;
    else matched = status[index] === ONE_THREAD[0] ? 1 : 0;
  }
  return matched === ONE_THREAD.length;
}
