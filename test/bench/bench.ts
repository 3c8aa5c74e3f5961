// What each row of the benchmark is given.

import type { Contestant } from "./contestants.ts";
import type { Controller } from "./cgroup.ts";
import type { Samples } from "./results.ts";

/** A run that is going on. */
export interface Bench {
  readonly contestants: readonly Contestant[];
  readonly samples: Samples;
  /** One minute instead of some. */
  readonly quick: boolean;
  /** The memory controller; undefined where there is none, or none to be used. */
  readonly controller: Controller | undefined;
  /** Says on one line what is being done. */
  readonly progress: (what: string) => void;
  /** Writes down what is not measured, or not as it should be. */
  readonly note: (what: string) => void;
}

/** How long a program has until it counts as idle, in milliseconds: what it does late is done then. */
const REST = 2500;

/** Waits until programs that were started are idle. */
export const rest = () => Bun.sleep(REST);

/** Milliseconds of nanoseconds. */
export const milliseconds = (nanoseconds: number) => nanoseconds / 1e6;

/** Kilobytes of bytes, as the kernel and this table mean them: of 1,024. */
export const kilobytes = (bytes: number) => bytes / 1024;
