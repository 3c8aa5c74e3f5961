// npm run bench: measures pause next to an empty program, a C program and other inits, in one run.
//
//   --only R  one part: start, memory, limits, orphans, node, idle, command, image or window
//   --quick   about a minute: fewer rounds, smaller crowds
//   --json    print the run as JSON instead of tables
//   --check   exit 1 where a promise of limits.ts is not kept
//   --write   put the run into docs/bench.json, its chart into docs/bench.svg, its table into README
//   --from F  take a run that --json has printed, instead of measuring

import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { build } from "../../build.ts";
import type { Bench } from "./bench.ts";
import { renderChart } from "./chart.ts";
import { controllerHere, type Controller } from "./cgroup.ts";
import { prepare } from "./contestants.ts";
import { describe, judge, round } from "./limits.ts";
import { type Machine, type Run, Samples } from "./results.ts";
import { withCosts } from "./readme.ts";
import { measureCommands } from "./rows/command.ts";
import { measureImage } from "./rows/image.ts";
import { measureLimits } from "./rows/limit.ts";
import { measureMemory } from "./rows/memory.ts";
import { measureIdleness, measureNode } from "./rows/node.ts";
import { measureReaping } from "./rows/orphans.ts";
import { measureStarts } from "./rows/start.ts";
import { measureWindow } from "./rows/window.ts";
import { renderRun } from "./table.ts";

const ROWS: Readonly<Record<string, (bench: Bench) => void | Promise<void>>> = {
  start: measureStarts,
  memory: measureMemory,
  limits: measureLimits,
  orphans: measureReaping,
  node: measureNode,
  idle: measureIdleness,
  command: measureCommands,
  image: measureImage,
  window: measureWindow,
};

const docs = join(import.meta.dirname, "../../docs");

let said = "";

/** Says what is going on: on a terminal all on one line, else a line for each new kind of thing. */
function progress(what: string): void {
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\x1b[K${what}`);
    return;
  }
  const kind = what.replace(/[\d.]+|: .*/g, "");
  if (kind !== said) process.stderr.write(`${what}\n`);
  said = kind;
}

function machine(controller: Controller | undefined): Machine {
  const os = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    system: /^PRETTY_NAME="?([^"\n]*)/m.exec(os)?.[1] ?? "Linux",
    kernel: release(),
    cgroups: controller === undefined ? "no memory cgroup" : `memory cgroup ${controller.version}`,
    load: loadavg()[0] ?? 0,
  };
}

async function measure(quick: boolean, only: string | undefined): Promise<Run> {
  const controller = controllerHere();
  const where = machine(controller);
  const notes: string[] = [];
  await build();
  const { contestants, versions, missing } = await prepare(progress);
  notes.push(...missing);
  const samples = new Samples();
  const note = (what: string) => {
    if (!notes.includes(what)) notes.push(what);
  };
  const rows = only === undefined ? Object.values(ROWS) : [ROWS[only]!];
  for (const row of rows) await row({ contestants, samples, quick, controller, progress, note });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  return { machine: where, quick, versions, notes, results: samples.results() };
}

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    from: { type: "string" },
  },
});
if (values.write && (values.quick || values.only !== undefined)) {
  throw new Error("Cannot write a part of a run into the documents: leave out --quick and --only");
}
if (values.only !== undefined && !(values.only in ROWS)) {
  throw new Error(`Cannot measure "${values.only}": it is one of ${Object.keys(ROWS).join(", ")}`);
}
const run: Run =
  values.from === undefined
    ? await measure(values.quick, values.only)
    : await Bun.file(values.from).json();
process.stdout.write(values.json ? `${JSON.stringify(run, null, 2)}\n` : `${renderRun(run)}\n`);
if (values.write) {
  await Bun.write(join(docs, "bench.json"), `${JSON.stringify(run, null, 2)}\n`);
  await Bun.write(join(docs, "bench.svg"), renderChart(run));
  const readme = Bun.file(join(docs, "../README.md"));
  await readme.write(withCosts(await readme.text(), run));
}
if (values.check) {
  const broken = judge(run.results).filter(({ kept }) => !kept);
  for (const { limit, measured } of broken) {
    process.stderr.write(
      `Beyond the limit: ${describe(limit)}, measured ${round(measured ?? 0)}\n`,
    );
  }
  process.exitCode = broken.length > 0 ? 1 : 0;
}
