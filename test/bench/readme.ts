// The table of costs in the README, made from a run.

import { round } from "./limits.ts";
import { type MetricName, METRICS, type Name } from "./metrics.ts";
import { median, type Run } from "./results.ts";

const COLUMNS = [
  ["pause", "pause.ts"],
  ["watch", "`--watch`"],
  ["empty", "empty program"],
  ["catatonit", "catatonit -P"],
  ["c", "C"],
] as const satisfies readonly (readonly [Name, string])[];

const LINES = [
  ["anonymous", "private memory, RssAnon"],
  ["resident", "resident (RSS)"],
  ["chargedWarm", "charged to the pod, page cache warm"],
  ["node250", "250 of them, sum of PSS"],
  ["threads", "threads"],
  ["wakeups", "wake-ups in a minute, idle"],
  ["orphan100k", "CPU for each of 100,000 orphans"],
  ["waits", "exec until it waits; empty: has ended"],
  ["gone", "SIGTERM until it is gone"],
  ["smallest", "smallest memory limit, page cache cold"],
  ["pulled", "image, as it is pulled"],
] as const satisfies readonly (readonly [MetricName, string])[];

const BEGIN = "<!-- npm run bench -- --write: begin -->";
const END = "<!-- npm run bench -- --write: end -->";

/** The README's table, and on which machine it was measured. */
export function renderCosts({ machine, results }: Run): string {
  const rows = LINES.map(([metric, what]) => [
    what,
    ...COLUMNS.map(([name]) => {
      const value = median(results, metric, name);
      return value === undefined ? "" : `${round(value)} ${METRICS[metric].unit}`.trim();
    }),
  ]);
  const table = [["", ...COLUMNS.map(([, title]) => title)], ...rows];
  const widths = table[0]!.map((_, column) =>
    Math.max(3, ...table.map((row) => row[column]!.length)),
  );
  const lines = table.map(
    (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`,
  );
  lines.splice(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`);
  const where = `${machine.cpu}, ${machine.cores} cores, ${machine.system}, Linux ${machine.kernel}`;
  return [BEGIN, "", ...lines, "", `Measured on: ${where}.`, "", END].join("\n");
}

/**
 * Puts the table of a run into the README's text.
 * @throws {Error} if the place for it is not marked
 */
export function withCosts(readme: string, run: Run): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`Cannot find "${BEGIN}" in the README`);
  return readme.slice(0, begin) + renderCosts(run) + readme.slice(end + END.length);
}
