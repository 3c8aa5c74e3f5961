// A run as text, at most 80 columns wide.

import { judge, type Limit, LIMITS, round } from "./limits.ts";
import { CONTESTANTS, METRIC_NAMES, METRICS, NAMES, ROWS } from "./metrics.ts";
import { bestPeer, type Results, type Run } from "./results.ts";
import { spread } from "./statistics.ts";

const LABEL = 27;
const COLUMN = [7, 8, 7, 10, 6, 10, 5] as const; // Two spaces at least between the heads.
const RULE = "-".repeat(80);

/** The whole run: medians, spreads, ratios, promises, notes. */
export function renderRun(run: Run): string {
  const { machine, versions, notes, results, quick } = run;
  const versionList = Object.entries(versions).map(([what, version]) => `${what} ${version}`);
  return [
    `${machine.cpu}, ${machine.cores} cores; ${machine.system}, Linux ${machine.kernel}`,
    `${machine.cgroups}; load at the start ${machine.load.toFixed(2)}${quick ? "; quick" : ""}`,
    ...wrap(versionList.join(", ")),
    "",
    ...medians(results),
    "",
    ...ratios(results),
    "",
    ...promises(results),
    ...(notes.length > 0 ? ["", ...notes.flatMap((note) => wrap(`Note: ${note}`))] : []),
  ].join("\n");
}

/** One line for each metric and, where it was measured often, one for how far it spreads. */
function medians(results: Results): string[] {
  const lines = [
    line(
      "",
      NAMES.map((name) => CONTESTANTS[name].title),
    ),
    RULE,
  ];
  let row = 0;
  for (const metric of METRIC_NAMES) {
    const sums = results[metric];
    if (sums === undefined) continue;
    const { title, unit, row: own } = METRICS[metric];
    if (own !== row) lines.push(...(row === 0 ? [] : [""]), `${own}. ${ROWS[own]}`);
    row = own;
    const label = `   ${title}${unit === "" ? "" : `, ${unit}`}`;
    lines.push(
      line(
        label,
        NAMES.map((name) => (sums[name] ? round(sums[name].median) : "-")),
      ),
    );
    const spreads = NAMES.map((name) => {
      const sum = sums[name];
      return sum && sum.count > 2 && spread(sum) > 0 ? `±${Math.round(100 * spread(sum))}%` : "";
    });
    if (spreads.some((text) => text !== "")) lines.push(line("", spreads));
  }
  return [
    ...lines,
    "",
    "Medians; ± half the distance between the quartiles, where the samples are many.",
  ];
}

/** Ours, as multiples of Bun's floor and of the best peer. */
function ratios(results: Results): string[] {
  const lines = ["As multiples of", `${"".padEnd(LABEL)}  the empty program      the best peer`];
  lines.push(`${"".padEnd(LABEL)}     pause  --watch      pause  --watch`, RULE);
  for (const metric of METRIC_NAMES) {
    const sums = results[metric];
    const peer = bestPeer(results, metric);
    if (sums === undefined || (sums.empty === undefined && peer === undefined)) continue;
    const cells = ([sums.empty, peer && sums[peer]] as const).flatMap((base) =>
      [sums.pause, sums.watch].map((own) =>
        own && base && base.median > 0 ? round(own.median / base.median) : "-",
      ),
    );
    if (cells.every((cell) => cell === "-")) continue;
    const [a = "", b = "", c = "", d = ""] = cells;
    const { row, title } = METRICS[metric];
    const who = peer === undefined ? "" : `  ${CONTESTANTS[peer].title}`;
    lines.push(
      `${`${row}. ${title}`.padEnd(LABEL)}${a.padStart(10)}${b.padStart(9)}${c.padStart(11)}${d.padStart(9)}${who}`,
    );
  }
  return lines;
}

/** What is promised, and whether it is kept. */
function promises(results: Results): string[] {
  const lines = [`${"Promised".padEnd(LABEL)}  for      at most                measured`, RULE];
  // Not of a row that was left out altogether.
  const rows = new Set(
    METRIC_NAMES.filter((name) => results[name]).map((name) => METRICS[name].row),
  );
  for (const { limit, measured, kept } of judge(results, LIMITS)) {
    const { row, title } = METRICS[limit.metric];
    if (!rows.has(row)) continue;
    const verdict =
      measured === undefined ? "not measured" : `${round(measured)}${kept ? "" : "  BEYOND"}`;
    const name = CONTESTANTS[limit.name].title;
    lines.push(
      `${`${row}. ${title}`.padEnd(LABEL)}  ${name.padEnd(7)}  ${most(limit).padEnd(21)}  ${verdict}`,
    );
    if (limit.why !== undefined) lines.push(...wrap(`aim ${limit.aim}: ${limit.why}`, "     "));
  }
  return lines;
}

function most({ metric, most: value, of }: Limit): string {
  if (of === undefined) return `${round(value)} ${METRICS[metric].unit}`.trim();
  return `${round(value)} × ${of === "peer" ? "best peer" : CONTESTANTS[of].title}`;
}

function line(label: string, cells: readonly string[]): string {
  const columns = cells.map((cell, index) => cell.padStart(COLUMN[index] ?? 0));
  return `${label.padEnd(LABEL)}${columns.join("")}`.slice(0, 80).trimEnd();
}

function wrap(text: string, indent = ""): string[] {
  const lines: string[] = [];
  let current = indent;
  for (const word of text.split(" ")) {
    if (current.length + word.length >= 79 && current.trim() !== "") {
      lines.push(current.trimEnd());
      current = indent;
    }
    current += `${word} `;
  }
  return [...lines, current.trimEnd()];
}
