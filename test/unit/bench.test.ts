// The benchmark's own workings: statistics, what it reads, what it says, when it fails.

import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FILES, findController, workingSet } from "../bench/cgroup.ts";
import { renderChart } from "../bench/chart.ts";
import { deviceOf } from "../bench/disk.ts";
import { judge, LIMITS, round } from "../bench/limits.ts";
import { CONTESTANTS, METRIC_NAMES, NAMES } from "../bench/metrics.ts";
import { field } from "../bench/proc.ts";
import { withCosts } from "../bench/readme.ts";
import { bestPeer, type Run, Samples } from "../bench/results.ts";
import { layersOf } from "../bench/rows/image.ts";
import { spread, summarise } from "../bench/statistics.ts";
import { renderRun } from "../bench/table.ts";

const root = join(import.meta.dirname, "../..");

/** A run in which everything measures 1, but for what is given. */
function runWith(values: Readonly<Record<string, number>> = {}): Run {
  const samples = new Samples();
  for (const metric of METRIC_NAMES) {
    for (const name of NAMES) samples.add(metric, name, values[`${metric} ${name}`] ?? 1);
  }
  const machine = {
    cpu: "A <fast> CPU & more",
    cores: 4,
    system: "Debian GNU/Linux 12 (bookworm)",
    kernel: "6.1.0",
    cgroups: "memory cgroup v2",
    load: 0.1,
  };
  return {
    machine,
    quick: false,
    versions: { bun: "1" },
    notes: ["a"],
    results: samples.results(),
  };
}

/** Nothing is ever more than this. */
const KEPT = Object.fromEntries(
  LIMITS.flatMap(({ metric, name, most, of }) =>
    of === undefined ? [[`${metric} ${name}`, Math.min(1, most)]] : [[`${metric} ${of}`, 1e6]],
  ),
);

test("the median and the quartiles of samples, in whatever order they come", () => {
  expect(summarise([4, 1, 3, 2, 5])).toEqual({ median: 3, low: 2, high: 4, count: 5 });
  expect(summarise([1, 2])).toEqual({ median: 1.5, low: 1.25, high: 1.75, count: 2 });
  expect(summarise([7])).toEqual({ median: 7, low: 7, high: 7, count: 1 });
  expect(spread(summarise([4, 1, 3, 2, 5]))).toBeCloseTo(1 / 3);
  expect(spread(summarise([0, 0]))).toBe(0);
  expect(() => summarise([])).toThrow(RangeError);
});

test("the memory controller is found under cgroup v1, v2 and in a hybrid layout", () => {
  const v1 = "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n";
  const memory = "cgroup /sys/fs/cgroup/memory cgroup rw,nosuid,memory 0 0\n";
  const unified = "cgroup2 /sys/fs/cgroup/unified cgroup2 rw,nsdelegate 0 0\n";
  const v2 = "cgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate,memory_recursiveprot 0 0\n";
  const has = () => "cpuset cpu io memory hugetlb pids\n";
  const hasNot = () => "hugetlb\n";
  const inV1 = { version: "v1", path: "/sys/fs/cgroup/memory" } as const;
  expect(findController(v1 + memory, hasNot)).toEqual(inV1);
  expect(findController(unified + v1 + memory, hasNot)).toEqual(inV1);
  expect(findController(v2, has)).toEqual({ version: "v2", path: "/sys/fs/cgroup" });
  expect(findController(v1 + unified, hasNot)).toBeUndefined();
  expect(findController("", has)).toBeUndefined();
});

test("the working set is the usage less the inactive file pages, under both versions", () => {
  // Under v1 the plain lines leave out the cgroups below, which are in the usage.
  const v1 = "cache 900\nrss 50\ninactive_file 1\nactive_file 2\ntotal_inactive_file 700\n";
  const v2 = "anon 50\nfile 900\nkernel 80\ninactive_anon 50\ninactive_file 700\nactive_file 200\n";
  expect(workingSet(1000, v1, "v1")).toBe(300);
  expect(workingSet(1000, v2, "v2")).toBe(300);
  expect(workingSet(500, v2, "v2")).toBe(0);
  expect(() => workingSet(1000, v2, "v1")).toThrow("total_inactive_file");
  expect(FILES.v2).toEqual({
    usage: "memory.current",
    limit: "memory.max",
    inactive: "inactive_file",
  });
});

test("a device number is named as sysfs names it", () => {
  expect(deviceOf(65024)).toBe("254:0");
  expect(deviceOf(0x801)).toBe("8:1");
  expect(deviceOf(0x10301)).toBe("259:1");
});

test("a field of status or smaps_rollup is found by its whole name", () => {
  const rollup =
    "00400000-7ffd0000 ---p 00000000 00:00 0    [rollup]\nRss:  900 kB\nPss:  300 kB\n";
  expect(field(rollup, "Pss")).toBe(300);
  expect(field("VmRSS:\t     812 kB\nRssAnon:\t     148 kB\n", "RssAnon")).toBe(148);
  expect(field("RssFile:\t1 kB\n", "Rss")).toBe(0);
});

test("the best peer is the packaged one with the least, never the C program or an empty one", () => {
  const run = runWith({ "gone tini": 0.5, "gone c": 0.1, "gone empty": 0.1 });
  expect(bestPeer(run.results, "gone")).toBe("tini");
  expect(bestPeer({}, "gone")).toBeUndefined();
});

test("a run that keeps every promise breaks none; each that is broken is found by itself", () => {
  expect(judge(runWith(KEPT).results).filter(({ kept }) => !kept)).toEqual([]);
  for (const limit of LIMITS) {
    const beyond = { ...KEPT, [`${limit.metric} ${limit.name}`]: 1e8 };
    const broken = judge(runWith(beyond).results).filter(({ kept }) => !kept);
    expect(broken.map((verdict) => verdict.limit)).toContain(limit);
    for (const verdict of broken) expect(verdict.limit.metric).toBe(limit.metric);
  }
});

test("what was not measured breaks no promise, and is not said to be kept with a number", () => {
  for (const { measured, kept } of judge({}))
    expect({ measured, kept }).toEqual({ kept: true, measured: undefined });
});

test("with --check a run beyond a limit exits 1 and names the row; one within exits 0", async () => {
  const directory = mkdtempSync(join(tmpdir(), "pause-bench-test-"));
  try {
    const check = async (run: Run) => {
      const file = join(directory, "run.json");
      await Bun.write(file, JSON.stringify(run));
      const main = join(root, "test/bench/main.ts");
      const { exitCode, stdout, stderr } = Bun.spawnSync([
        process.execPath,
        main,
        "--check",
        "--from",
        file,
      ]);
      return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
    };
    expect(await check(runWith(KEPT))).toMatchObject({ exitCode: 0, stderr: "" });
    const beyond = await check(runWith({ ...KEPT, "anonymous pause": 241 }));
    expect(beyond.exitCode).toBe(1);
    expect(beyond.stderr).toContain("row 4, RssAnon, pause: at most 240 kB, measured 241");
    expect(beyond.stdout).toContain("BEYOND");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("the table fits 80 columns and shows everything that was measured", () => {
  const text = renderRun(runWith({ "resident watch": 24_972, "ready500 watch": 12_345 }));
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  for (const name of NAMES) expect(text).toContain(CONTESTANTS[name].title);
  expect(text).toContain("24972");
});

test("the chart is well-formed, names the machine and escapes it", () => {
  const svg = renderChart(runWith());
  expect(svg).toContain("A &#60;fast&#62; CPU &#38; more, 4 cores");
  expect(svg.match(/<(g|text|svg|style)\b/g)?.length).toBe(
    svg.match(/<\/(g|text|svg|style)>/g)?.length,
  );
});

test("numbers are printed with as many digits as count", () => {
  expect([0, 0.034, 0.5, 5.678, 56.78, 567.8, 24_972].map(round)).toEqual([
    "0",
    "0.03",
    "0.50",
    "5.68",
    "56.8",
    "568",
    "24972",
  ]);
});

test("what an image costs to pull is read from its layout, for this architecture", async () => {
  const directory = mkdtempSync(join(tmpdir(), "pause-layout-"));
  const put = async (digest: string, value: unknown) =>
    Bun.write(join(directory, "blobs/sha256", digest), JSON.stringify(value));
  const list = "application/vnd.oci.image.index.v1+json";
  const one = "application/vnd.oci.image.manifest.v1+json";
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const other = {
    digest: "sha256:other",
    size: 1,
    mediaType: one,
    platform: { architecture: "s390x" },
  };
  const mine = { digest: "sha256:mine", size: 10, mediaType: one, platform: { architecture } };
  try {
    await Bun.write(
      join(directory, "index.json"),
      JSON.stringify({ manifests: [{ digest: "sha256:list", size: 5, mediaType: list }] }),
    );
    await put("list", { manifests: [other, mine] });
    await put("mine", { config: { size: 100 }, layers: [{ size: 1000 }, { size: 2000 }] });
    expect(await layersOf(directory)).toBe(3110);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("the README's costs and the chart are those of the run in docs/bench.json", async () => {
  const run = (await Bun.file(join(root, "docs/bench.json")).json()) as Run;
  const readme = await Bun.file(join(root, "README.md")).text();
  expect(withCosts(readme, run)).toBe(readme);
  expect(await Bun.file(join(root, "docs/bench.svg")).text()).toBe(renderChart(run));
  expect(run.quick).toBe(false);
});
