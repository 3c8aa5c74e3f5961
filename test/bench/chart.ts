// A run as a picture: bars of what matters on a node, each next to a C program's and the peers'.

import { round } from "./limits.ts";
import { CONTESTANTS, type MetricName, METRICS, type Name } from "./metrics.ts";
import type { Run } from "./results.ts";

const PANELS: readonly { metric: MetricName; title: string }[] = [
  { metric: "anonymous", title: "Private memory while idle (RssAnon)" },
  { metric: "resident", title: "Resident memory while idle (RSS)" },
  { metric: "chargedWarm", title: "Charged to a pod, page cache warm" },
  { metric: "waits", title: "From exec until it waits" },
  { metric: "gone", title: "From SIGTERM until it is gone" },
  { metric: "orphan100k", title: "CPU that it spends on each orphan" },
  { metric: "smallest", title: "Smallest memory limit, page cache cold" },
  { metric: "pulled", title: "Image, as it is pulled" },
];

const SHOWN: readonly Name[] = ["pause", "watch", "empty", "c", "catatonit", "tini", "dumbInit"];

const WIDTH = 860;
const COLUMNS = 2;
const BAR = 16;
const LEFT = 78;
const PANEL = 60 + SHOWN.length * BAR;

/** Draws a run. The colours are read on a light ground and on a dark one. */
export function renderChart({ machine, results }: Run): string {
  const rows = Math.ceil(PANELS.length / COLUMNS);
  const height = 36 + rows * PANEL + 40;
  const panels = PANELS.map(({ metric, title }, index) => {
    const x = (index % COLUMNS) * (WIDTH / COLUMNS);
    const y = 36 + Math.floor(index / COLUMNS) * PANEL;
    const sums = results[metric] ?? {};
    const most = Math.max(0, ...SHOWN.map((name) => sums[name]?.median ?? 0));
    const bars = SHOWN.map((name, place) => {
      const sum = sums[name];
      const top = 34 + place * BAR;
      const room = WIDTH / COLUMNS - LEFT - 90;
      const length = sum === undefined || most === 0 ? 0 : (room * sum.median) / most;
      const text = sum === undefined ? "–" : `${round(sum.median)} ${METRICS[metric].unit}`.trim();
      return [
        `<text x="${LEFT - 8}" y="${top + 10}" text-anchor="end">${CONTESTANTS[name].title}</text>`,
        `<rect x="${LEFT}" y="${top + 1}" width="${Math.max(1, length).toFixed(1)}" height="${BAR - 5}" class="${COLOURS[name] ?? "peer"}"/>`,
        `<text x="${(LEFT + Math.max(1, length) + 6).toFixed(1)}" y="${top + 10}">${text}</text>`,
      ].join("\n");
    });
    return `<g transform="translate(${x} ${y})">\n<text x="8" y="20" class="title">${title}</text>\n${bars.join("\n")}\n</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="What pause costs, next to a C program and to others of its kind">
<style>
text { font: 12px ui-sans-serif, system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 13px; }
.own { fill: #0969da; }
.watch { fill: #6cb0f5; }
.peer { fill: #8c959f; }
.limit { fill: #bf8700; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .peer { fill: #6e7681; } }
</style>
<text x="8" y="22" class="title">pause next to Bun's floor (empty), a C program and other inits</text>
${panels.join("\n")}
<text x="8" y="${height - 14}">${escape(`${machine.cpu}, ${machine.cores} cores, ${machine.system}, Linux ${machine.kernel}; medians of one run, side by side`)}</text>
</svg>
`;
}

const COLOURS: { readonly [name in Name]?: string } = { pause: "own", watch: "watch", c: "limit" };

function escape(text: string): string {
  return text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
