// Collects samples, and what they come to.

import { METRIC_NAMES, type MetricName, NAMES, type Name, PEERS } from "./metrics.ts";
import { type Summary, summarise } from "./statistics.ts";

/** Where and how a run was made. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly system: string;
  readonly kernel: string;
  readonly cgroups: string;
  /** The load when it began: what else was running. */
  readonly load: number;
}

/** A run, as it is written to a file. */
export interface Run {
  readonly machine: Machine;
  readonly quick: boolean;
  readonly versions: Readonly<Record<string, string>>;
  /** What was not measured, or not as it should, and why. */
  readonly notes: readonly string[];
  readonly results: Results;
}

/** What was measured. */
export type Results = { readonly [metric in MetricName]?: { readonly [name in Name]?: Summary } };

/** Takes samples. */
export class Samples {
  readonly #samples = new Map<MetricName, Map<Name, number[]>>();

  /** Adds a sample, in the metric's unit. */
  add(metric: MetricName, name: Name, value: number): void {
    const row = this.#samples.getOrInsertComputed(metric, () => new Map<Name, number[]>());
    row.getOrInsertComputed(name, () => []).push(value);
  }

  /** Sums up what there is. */
  results(): Results {
    const rows = METRIC_NAMES.map((metric) => {
      const row = this.#samples.get(metric);
      if (row === undefined) return [];
      const sums = NAMES.map((name) => [name, row.get(name)] as const);
      return [
        [
          metric,
          Object.fromEntries(
            sums.flatMap(([name, samples]) => (samples ? [[name, summarise(samples)]] : [])),
          ),
        ],
      ];
    });
    return Object.fromEntries(rows.flat()) as Results;
  }
}

/** A median, if it was measured. */
export function median(results: Results, metric: MetricName, name: Name): number | undefined {
  return results[metric]?.[name]?.median;
}

/** The peer with the least, if any was measured. */
export function bestPeer(results: Results, metric: MetricName): Name | undefined {
  const measured = PEERS.filter((peer) => median(results, metric, peer) !== undefined);
  return measured.toSorted((a, b) => median(results, metric, a)! - median(results, metric, b)!)[0];
}
