// The plan: what memory to let go of, and what libc is to do from then on. Pure: facts in, data out.

import { MADV_DONTNEED } from "../libc/abi.ts";
import { judge, type Memory, type Ruling } from "./memory.ts";
import { DISARM, HOLD, LASTING, LOCK, type Step, type StepName } from "./steps.ts";

/** The plan. */
export interface Plan {
  readonly rulings: readonly Ruling[];
  /** In the order in which they first run. */
  readonly steps: readonly Step[];
}

/**
 * Where to begin: at the first step if this thread is the only one, so that nobody else needs the
 * memory; else right before the wait, and all memory stays. The filter is for the first only: helper
 * threads need calls that nobody can list, a filter for one thread of several keeps nobody in, and
 * the collector's signal handler would spin in it.
 */
export function firstStep(alone: boolean): StepName {
  return alone ? DISARM.name : LOCK[1].next;
}

/**
 * Plans the way out of JavaScript.
 *
 * This runs at each start, once, in an interpreter. So here and in what it calls there are plain
 * loops: each method that takes a callback is compiled from source when it is first used, and the
 * dozen that would read well took as long as all the rest of parking.
 * @param memory what there is
 * @param waits whether the kernel lets it wait for signals
 * @throws {Unrecognised} if there is a mapping it cannot judge
 */
export function makePlan(memory: Memory, waits: boolean): Plan {
  const rulings = judge(memory);
  const steps: Step[] = [];
  for (const { start, end, fate, why } of rulings) {
    if (fate === "keep") continue;
    const name: StepName = `release${steps.length}`;
    const next: StepName = `release${steps.length + 1}`;
    const drop = fate === "drop";
    steps.push({
      name,
      call: drop ? "munmap" : "madvise",
      arguments: drop ? [start, end - start] : [start, end - start, MADV_DONTNEED],
      next,
      why,
    });
  }
  const last = steps[steps.length - 1];
  if (last !== undefined) steps[steps.length - 1] = { ...last, next: LOCK[0].name };
  steps.unshift({ ...DISARM, next: steps[0]?.name ?? LOCK[0].name });
  steps.push(...LOCK);
  for (const step of LASTING) steps.push(step.name === HOLD.name && !waits ? HOLD : step);
  return { rulings, steps };
}
