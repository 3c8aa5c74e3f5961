// What is promised, as data, and whether a run keeps it.

import { type MetricName, METRICS, type Name } from "./metrics.ts";
import { bestPeer, median, type Results } from "./results.ts";

/** A promise. */
export interface Limit {
  readonly metric: MetricName;
  readonly name: Name;
  /** The most it may be: in the metric's unit or, with `of`, as a multiple of somebody else's. */
  readonly most: number;
  /** Whose; "peer" is the best of them. */
  readonly of?: Name | "peer";
  /** What is aimed at, where that is less, and why it is not reached. */
  readonly aim?: number;
  readonly why?: string;
}

/**
 * Every promise. Ratios travel from machine to machine; memory and counts do by themselves. Where
 * what is aimed at is not reached, the promise is what is, with room for a noisy machine.
 */
export const LIMITS: readonly Limit[] = [
  { metric: "armed", name: "pause", most: 1.05, of: "empty" },
  { metric: "armed", name: "watch", most: 1.05, of: "empty" },
  {
    metric: "waits",
    name: "pause",
    most: 1.75,
    of: "empty",
    aim: 1.25,
    why: "1.8 ms of JavaScript that runs once: each function's first call is decoded from bytecode",
  },
  { metric: "version", name: "pause", most: 1.1, of: "empty" },
  {
    metric: "gone",
    name: "pause",
    most: 1.6,
    of: "catatonit",
    aim: 1,
    why: "more pages to give back at the end; keeping libc's code in memory does not help",
  },
  {
    metric: "gone",
    name: "watch",
    most: 5.5,
    of: "catatonit",
    aim: 2,
    why: "the end of a process with a runtime's memory takes 0.4 ms, and the last line is JavaScript",
  },
  { metric: "wakeups", name: "pause", most: 0 },
  { metric: "wakeups", name: "watch", most: 0 },
  { metric: "idleCpu", name: "pause", most: 0 },
  { metric: "idleCpu", name: "watch", most: 0 },
  { metric: "threads", name: "pause", most: 1 },
  { metric: "threads", name: "watch", most: 1 },
  { metric: "anonymous", name: "pause", most: 240 },
  { metric: "anonymous", name: "pause", most: 5, of: "catatonit" },
  { metric: "anonymous", name: "pause", most: 1 / 7, of: "empty" },
  {
    metric: "anonymous",
    name: "watch",
    most: 1.65,
    of: "empty",
    aim: 1,
    why: "bun:ffi takes 0.1 MB, the program's modules 0.4, --watch's 0.2; a collection starts threads",
  },
  { metric: "resident", name: "pause", most: 1024 },
  { metric: "resident", name: "pause", most: 1, of: "tini" },
  { metric: "resident", name: "watch", most: 6144 },
  { metric: "chargedWarm", name: "pause", most: 0.6 * 1024 },
  {
    metric: "chargedWarm",
    name: "watch",
    most: 2.75 * 1024,
    aim: 2.4 * 1024,
    why: "as RssAnon",
  },
  {
    metric: "smallest",
    name: "pause",
    most: 6,
    aim: 3,
    why: "starting takes 2.4 MB, and file pages that do not fit are read again and again",
  },
  { metric: "smallest", name: "watch", most: 6, aim: 3, why: "the same" },
  { metric: "orphan10k", name: "pause", most: 0 },
  { metric: "orphan10k", name: "watch", most: 1.25, of: "catatonit" },
  { metric: "left", name: "pause", most: 0 },
  { metric: "left", name: "watch", most: 0 },
  { metric: "grown", name: "pause", most: 0 },
  { metric: "grown", name: "watch", most: 64 },
  { metric: "stormThreads", name: "watch", most: 1 },
  { metric: "node250", name: "pause", most: 60 },
  { metric: "nodeWakeups", name: "pause", most: 0 },
  { metric: "pulled", name: "pause", most: 35 },
];

/** A promise, next to what was measured. */
export interface Verdict {
  readonly limit: Limit;
  /** As the limit counts; undefined where it, or what it is compared with, was not measured. */
  readonly measured: number | undefined;
  readonly kept: boolean;
}

/** Measured, a zero is seldom quite that: what the clocks and counters themselves add. */
const NOTHING = 0.05;

/** Compares a run with the promises; what was not measured breaks none. */
export function judge(results: Results, limits: readonly Limit[] = LIMITS): Verdict[] {
  return limits.map((limit) => {
    const { metric, name, of, most } = limit;
    const own = median(results, metric, name);
    const base = of === "peer" ? bestPeer(results, metric) : of;
    const other = base === undefined ? 1 : median(results, metric, base);
    const comparable =
      own !== undefined && other !== undefined && (of === undefined || base !== undefined);
    const measured = comparable ? own / other : undefined;
    return { limit, measured, kept: measured === undefined || measured <= Math.max(most, NOTHING) };
  });
}

/** A promise in words: "exec to armed, pause: ≤ 1.1 × empty". */
export function describe({ metric, name, most, of }: Limit): string {
  const { row, title, unit } = METRICS[metric];
  const amount = of === undefined ? `${round(most)} ${unit}`.trim() : `${round(most)} × ${of}`;
  return `row ${row}, ${title}, ${name}: at most ${amount}`;
}

/** Three digits that count. */
export function round(value: number): string {
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 2)).replace(/\.0+$/, "");
}
