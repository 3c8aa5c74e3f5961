// That the zombies of a host are found, told apart, and nudged: on real ones, in a PID namespace.

import { expect } from "bun:test";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";

import { Report } from "../../src/mode/zombies/schema.ts";
import { PAUSE } from "../support/executables.ts";
import { FAMILIES, HEADLESS, TRACER } from "../support/families.ts";
import { needing, writableCgroup } from "../support/needs.ts";
import { childrenOf, injecting, readStat, Running } from "../support/process.ts";
import { until } from "../support/until.ts";

const it = needing("namespaces", "perl");

const ZOMBIES = [PAUSE, "zombies"];

/** Families of processes in a PID namespace of their own, and how they are seen from within. */
class Scene implements AsyncDisposable {
  readonly #init: Running;

  private constructor(init: Running) {
    this.#init = init;
  }

  /** @param families as FAMILIES takes them */
  static async set(...families: readonly string[]): Promise<Scene> {
    return Scene.setBehind([], ...families);
  }

  /** @param prefix a command in front of PID 1 */
  static async setBehind(
    prefix: readonly string[],
    ...families: readonly string[]
  ): Promise<Scene> {
    const command = ["perl", "-e", FAMILIES, ...families];
    const scene = new Scene(await Running.spawn({ command, prefix }));
    for (const family of families) {
      const [kind, name] = family.split(":");
      await until(`${name} is ready`, () => {
        const stat = readStat(scene.hostPid(name ?? "") ?? 0);
        return kind === "stopped" ? stat?.state === "T" : stat !== undefined;
      });
    }
    return scene;
  }

  /** The PID of PID 1, as the host sees it. */
  get pid(): number {
    return this.#init.pid;
  }

  /** A parent's PID, as the host sees it. */
  hostPid(name: string): number | undefined {
    return childrenOf(this.pid).find((pid) => readStat(pid)?.name === name);
  }

  /** Runs the program within, and also says what it exited with. */
  async run(...args: readonly string[]): Promise<{ output: string; code: number }> {
    const script = '"$@" 2>&1; echo "exit $?"';
    const text = await this.#init.inside("sh", "-c", script, "sh", ...ZOMBIES, ...args);
    const [, output, code] = /^(.*)exit (\d+)\n$/s.exec(text) ?? [];
    return { output: output ?? "", code: Number(code) };
  }

  /** What it reports, of the documented shape. */
  async report(...args: readonly string[]): Promise<Report & { code: number }> {
    const { output, code } = await this.run("--json", ...args);
    expect(output.split("\n")).toHaveLength(2);
    return { ...Report.parse(JSON.parse(output)), code };
  }

  inside(...command: readonly string[]): Promise<string> {
    return this.#init.inside(...command);
  }

  /** Runs it within as a user who may do nothing, and returns what it says. */
  asNobody(...args: readonly string[]): Promise<string> {
    // Where that user can read it: the checkout may be root's alone.
    const script =
      'd=$(mktemp -d); cp "$1" "$d"; chmod 755 "$d"; shift; $SET "$d/pause" "$@" 2>&1; echo "exit $?"; rm -r "$d"';
    const set = "SET=setpriv --reuid=65534 --regid=65534 --clear-groups";
    return this.inside("env", set, "sh", "-c", script, "sh", ...ZOMBIES, ...args);
  }

  /** Starts it within. */
  async start(...args: readonly string[]): Promise<Watch> {
    return Watch.start(this.pid, "pipe", args);
  }

  /** Starts it within, and never reads what it prints. */
  async startUnread(...args: readonly string[]): Promise<Watch> {
    const directory = mkdtempSync(join(tmpdir(), "pause-zombies-"));
    const fifo = join(directory, "fifo");
    Bun.spawnSync(["mkfifo", fifo]);
    const fd = openSync(fifo, "r+");
    try {
      return await Watch.start(this.pid, fd, args);
    } finally {
      // Its own end keeps the pipe, for reading too.
      closeSync(fd);
      rmSync(directory, { recursive: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#init[Symbol.asyncDispose]();
  }
}

type Spawned = Bun.Subprocess<"ignore", "pipe" | number, "inherit">;

/** The program while it runs. */
class Watch implements AsyncDisposable {
  readonly #child: Spawned;
  readonly #pid: number;
  #text = "";

  private constructor(child: Spawned, pid: number) {
    this.#child = child;
    this.#pid = pid;
    if (typeof child.stdout === "object") void this.#read(child.stdout);
  }

  static async start(
    target: number,
    stdout: "pipe" | number,
    args: readonly string[],
  ): Promise<Watch> {
    const user = process.getuid?.() === 0 ? [] : ["--user", "--preserve-credentials"];
    const enter = ["nsenter", `--target=${target}`, ...user, "--pid", "--mount"];
    const child = Bun.spawn([...enter, ...ZOMBIES, ...args], {
      stdio: ["ignore", stdout, "inherit"],
    });
    const pid = await until("it runs", () =>
      childrenOf(child.pid).find((each) => readStat(each)?.name === "pause"),
    );
    return new Watch(child, pid);
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) this.#text += decoder.decode(bytes, { stream: true });
  }

  /** What it has printed by now. */
  text(): string {
    return this.#text;
  }

  /** The same in lines; one that is not complete yet is left out. */
  lines(): string[] {
    return this.#text.split("\n").slice(0, -1);
  }

  /** Whether it waits for its one descriptor to take something. poll(2), ppoll(2) on arm64 */
  polls(): boolean {
    return /^(?:7|73) \S+ 0x1 /.test(readFileSync(`/proc/${this.#pid}/syscall`, "utf8"));
  }

  /** Sends it a signal, waits for its end, and returns the exit code as a shell does. */
  async stop(signal: NodeJS.Signals): Promise<number> {
    process.kill(this.#pid, signal);
    const { exitCode, signalCode } = await until("it has ended", () =>
      this.#child.exitCode === null && this.#child.signalCode === null ? undefined : this.#child,
    );
    return exitCode ?? 128 + constants.signals[signalCode as NodeJS.Signals];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      process.kill(this.#pid, "SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.exited;
  }
}

/** Who leaks how many. */
function leaks({ groups }: Report): [string | null, number][] {
  return groups.map(({ leaker, zombies }) => [leaker.name, zombies.length]);
}

/** What it reports of this test's own PID namespace, where there may be other zombies. */
function lookAtAll(): Report {
  return Report.parse(JSON.parse(Bun.spawnSync([...ZOMBIES, "--json"]).stdout.toString()));
}

/** Numbers of system calls, which Perl has no names for. */
const SYSCALL =
  process.arch === "arm64" ? { exit: 93, ptrace: 117 } : ({ exit: 60, ptrace: 101 } as const);

it("where there is none it says so and exits 0", async () => {
  await using scene = await Scene.set("reaps:tidy:3", "early:auto:3", "busy:quick:0");
  const quick = scene.hostPid("quick") ?? 0;
  await until("negative control: one look sees a zombie", () =>
    childrenOf(quick).some((pid) => readStat(pid)?.state === "Z"),
  );
  const { output, code } = await scene.run();
  expect(output).toMatch(/^No zombies among \d+ processes\n$/);
  expect(code).toBe(0);
  expect(await scene.report()).toMatchObject({ count: 0, groups: [], help: [], code: 0 });
});

it("finds every zombie, by who leaks it and what that does about SIGCHLD, and exits 1", async () => {
  const families = ["defaults:a:2", "late:b:4", "ignores:c:3", "stopped:d:1", "blocks:e:5"];
  await using scene = await Scene.set(...families, "reaps:tidy:3");
  const report = await scene.report();
  expect(report).toMatchObject({ code: 1, count: 15, unreadable: 0 });
  expect(
    report.groups.map(({ leaker: { name, sigchld, blocked, state, role, init }, zombies }) => ({
      name,
      about: `${sigchld}${blocked ? ", blocked" : ""}`,
      stopped: state === "T",
      role,
      init,
      zombies: zombies.length,
    })),
  ).toEqual(
    [
      { name: "e", about: "defaults, blocked", stopped: false, zombies: 5 },
      { name: "b", about: "catches", stopped: false, zombies: 4 },
      { name: "c", about: "ignores", stopped: false, zombies: 3 },
      { name: "a", about: "defaults", stopped: false, zombies: 2 },
      { name: "d", about: "catches", stopped: true, zombies: 1 },
    ].map((expected) => ({ ...expected, role: "parent", init: false })),
  );
  // As the kernel numbers them within.
  const stats = await scene.inside("sh", "-c", "cat /proc/[0-9]*/stat");
  const parents = Array.from(
    stats.matchAll(/^(\d+) \((kid)\) Z (\d+) /gm),
    ([, pid, name, parent]) => ({ pid: Number(pid), name, parent: Number(parent) }),
  );
  const found = report.groups.flatMap(({ zombies }) =>
    zombies.map(({ pid, name, parent }) => ({ pid, name: name ?? undefined, parent })),
  );
  const byPid = (a: { pid: number }, b: { pid: number }) => a.pid - b.pid;
  expect(found.toSorted(byPid)).toEqual(parents.toSorted(byPid));

  const { output, code } = await scene.run();
  expect(code).toBe(1);
  expect(output).toMatch(/^15 zombies left by 5 of \d+ processes\n/);
  for (const { pid, parent } of parents) {
    expect(output).toMatch(new RegExp(`^ +${pid} +\\d+s  kid$`, "m"));
    expect(output).toContain(` (${parent}): `);
  }
  expect(output).toMatch(/\n- Continue d \(\d+\), .*kill -CONT \d+\n/);
  expect(output).toMatch(/\n- Try pause zombies --nudge, for e \(\d+\) and 1 more:/);
  expect(output).toMatch(/\n- Restart c \(\d+\) and 1 more,/);
  for (const line of output.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});

it("--nudge has those reap that take SIGCHLD, and reports what went and what did not", async () => {
  const families = ["late:l:5", "deaf:d:2", "defaults:n:3", "blocks:b:4", "stopped:s:1"];
  await using scene = await Scene.set(...families);
  const report = await scene.report("--nudge");
  expect(report.code).toBe(1);
  expect(
    report.nudges?.map(({ name, error, went, left }) => [name, error, went.length, left.length]),
  ).toEqual([
    ["l", null, 5, 0],
    ["b", null, 4, 0],
    ["d", null, 0, 2],
  ]);
  expect(leaks(report)).toEqual([
    ["n", 3],
    ["d", 2],
    ["s", 1],
  ]);
  expect(report.groups.map(({ nudged }) => nudged)).toEqual([false, true, false]);
  expect((await scene.run()).output).toMatch(/^6 zombies /); // They are gone indeed.
});

it("--nudge exits 0 where none is left after it", async () => {
  await using scene = await Scene.set("late:missed:3");
  expect((await scene.run()).code).toBe(1);
  const { output, code } = await scene.run("--nudge");
  expect(output).toMatch(/^Nudged missed \(\d+\): 3 of 3 zombies went\nNo zombies among /);
  expect(code).toBe(0);
});

needing(
  "root",
  "namespaces",
  "perl",
  "setpriv",
)("where it may not nudge it says so", async () => {
  await using scene = await Scene.set("late:missed:1");
  const output = await scene.asNobody("--nudge");
  expect(output).toMatch(/^Cannot nudge missed \(\d+\): not permitted: be root, or its user$/m);
  expect(output).toContain("\n1 zombie left by ");
});

needing(
  "namespaces",
  "perl",
  "strace",
)("a kernel without pidfd_open is nudged by kill", async () => {
  for (const error of ["ENOSYS", "EPERM"]) {
    await using scene = await Scene.set("late:missed:3");
    const inject = `-einject=pidfd_open:error=${error}`;
    const strace = ["strace", "-qq", "-o/dev/null", "-etrace=pidfd_open,kill", inject];
    const output = await scene.inside(...strace, ...ZOMBIES, "--nudge");
    expect(output).toMatch(/^Nudged missed \(\d+\): 3 of 3 zombies went\n/);
  }
});

it("names are safe to print, and complete", async () => {
  const names = [
    Buffer.from("\u001b[31m\n\u0007"),
    Buffer.from(") Z 1 1 (\t"),
    Buffer.from("\u202eevil"),
    Buffer.from([0x63, 0xe9, 0xff]),
  ];
  const hex = names.map((name) => name.toString("hex"));
  await using scene = await Scene.set(`names:odd:${hex.join(",")}`);
  const report = await scene.report();
  expect(
    report.groups
      .flatMap(({ zombies }) => zombies)
      .map(({ name, nameHex }) => nameHex ?? Buffer.from(name ?? "").toString("hex"))
      .toSorted(),
  ).toEqual(hex.toSorted());
  for (const args of [[], ["--json"]]) {
    const { output } = await scene.run(...args);
    expect(output.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(output).toContain("\\u001b[31m");
  }
  expect((await scene.run()).output).toMatch(/^ +\d+ +\d+s  "\\u202eevil"$/m);
});

it("a process whose first thread has ended is none, though the kernel says Z", async () => {
  const headless = Bun.spawn(["perl", "-e", HEADLESS, String(SYSCALL.exit)]);
  await until("its first thread has ended", () => readStat(headless.pid)?.state === "Z");
  const { groups } = lookAtAll();
  expect(readStat(headless.pid)?.state).toBe("Z");
  headless.kill("SIGKILL");
  await headless.exited;
  const pids = groups.flatMap(({ zombies }) => zombies.map(({ pid }) => pid));
  expect(pids).not.toContain(headless.pid);
});

it("of a traced zombie it names the tracer, which has to let go first", async () => {
  await using scene = await Scene.set("defaults:other:0");
  const other = scene.hostPid("other") ?? 0;
  const tracer = Bun.spawn(["perl", "-e", TRACER, String(SYSCALL.ptrace), String(other)]);
  await until("it is traced", () => readStat(tracer.pid)?.name === "tracer");
  process.kill(other, "SIGKILL");
  await until("it is a zombie", () => readStat(other)?.state === "Z");
  const report = lookAtAll();
  tracer.kill("SIGKILL");
  await tracer.exited;
  const group = report.groups.find(({ leaker }) => leaker.pid === tracer.pid);
  expect(group?.leaker).toMatchObject({ name: "tracer", role: "tracer" });
  expect(group?.zombies).toMatchObject([
    { pid: other, name: "other", parent: scene.pid, parentName: "init" },
  ]);
  expect(report.help.join("\n")).toContain("End or detach tracer (");
});

it("of a parent outside the PID namespace it says that it is outside", async () => {
  await using scene = await Scene.set();
  const user = process.getuid?.() === 0 ? [] : ["--user", "--preserve-credentials"];
  const outside = Bun.spawn([
    "nsenter",
    `--target=${scene.pid}`,
    ...user,
    "--pid",
    "sleep",
    "1000",
  ]);
  const sleeper = await until("sleep runs", () =>
    childrenOf(outside.pid).find((pid) => readStat(pid)?.name === "sleep"),
  );
  outside.kill("SIGSTOP");
  await until("its parent is stopped", () => readStat(outside.pid)?.state === "T");
  process.kill(sleeper, "SIGKILL");
  await until("it is a zombie", () => readStat(sleeper)?.state === "Z");
  const report = await scene.report("--nudge");
  outside.kill("SIGKILL");
  await outside.exited;
  expect(report.groups).toMatchObject([
    { leaker: { pid: 0, name: null, sigchld: "unknown" }, zombies: [{ name: "sleep", parent: 0 }] },
  ]);
  expect(report).toMatchObject({ code: 1, nudges: [] });
  expect(report.help).toEqual(["Look from the host: the parent is outside this PID namespace"]);
});

it("an init that does not reap is advised to be replaced", async () => {
  await using scene = await Scene.set("defaults:middle:3");
  process.kill(scene.hostPid("middle") ?? 0, "SIGKILL"); // PID 1 inherits its three.
  await until("PID 1 has all", () => childrenOf(scene.pid).length === 4);
  const report = await scene.report();
  expect(report.groups).toMatchObject([
    { leaker: { pid: 1, name: "init", init: true, containerInit: true } },
  ]);
  expect(report.count).toBe(4);
  expect(report.help.join()).toStartWith("Give init (1), a container's PID 1, an init in front");
});

for (const version of [1, 2] as const) {
  const hierarchy = writableCgroup(version);
  // A machine has the one, the other, or both; see needs.ts.
  if (version === 1 && hierarchy === undefined && writableCgroup(2) !== undefined) continue;
  if (version === 2 && hierarchy === undefined && writableCgroup(1) !== undefined) continue;
  needing(
    "root",
    "namespaces",
    "perl",
    "cgroup",
  )(`says which pod and container they belong to, by cgroup version ${version}`, async () => {
    const uid = `0b6a2d9e-3c7c-4e0c-b7b9-${String(process.pid).padStart(12, "0")}`;
    const id = "3f2a9c1d0b7e".padEnd(64, "0");
    const pod = join(hierarchy ?? "", `kubepods-pod${uid.replaceAll("-", "_")}.slice`);
    const container = join(pod, `cri-containerd-${id}.scope`);
    mkdirSync(container, { recursive: true });
    try {
      const enter = ["sh", "-c", `echo 0 >${container}/cgroup.procs; exec "$@"`, "sh"];
      await using scene = await Scene.setBehind(enter, "defaults:leaky:2");
      const place = { pod: uid, container: id, unit: null, user: null };
      const report = await scene.report();
      expect(report.groups).toMatchObject([
        {
          leaker: { name: "leaky", place },
          // Version 1 shows the root for whatever has ended.
          zombies: [{ place, placeFrom: version === 1 ? "leaker" : "itself" }, {}],
        },
      ]);
      const { output } = await scene.run();
      expect(output).toContain(`\n  in pod ${uid}, container 3f2a9c1d0b7e\n`);
    } finally {
      for (const path of [container, pod]) {
        await until(`${path} is empty`, () => {
          try {
            rmdirSync(path);
            return true;
          } catch {
            return false;
          }
        });
      }
    }
  });
}

it("3,000 zombies and who leaks them are found, every one", async () => {
  await using scene = await Scene.set("defaults:few:1", "defaults:many:3000");
  const report = await scene.report();
  expect(leaks(report)).toEqual([
    ["many", 3000],
    ["few", 1],
  ]);
  expect(new Set(report.groups.flatMap(({ zombies }) => zombies.map(({ pid }) => pid))).size).toBe(
    3001,
  );
  const { output } = await scene.run();
  expect(output.match(/^ +\d+ +(?:\d+m ?)?\d*s?  kid$/gm)).toHaveLength(11);
  expect(output).toContain("\n       and 2990 more\n");
});

needing(
  "root",
  "namespaces",
  "perl",
  "setpriv",
)("where processes are hidden from it, it says so, and exits 3", async () => {
  await using scene = await Scene.set("defaults:leaky:1");
  await scene.inside("mount", "-o", "remount,hidepid=2", "/proc");
  expect((await scene.report()).unreadable).toBe(0);
  expect(await scene.asNobody()).toMatch(
    /^No zombies among \d+ process(es)?\n1 or more could not be looked at; .*\nexit 3\n$/,
  );
});

needing("strace")("where /proc cannot be read it says why and exits 3", () => {
  const inject = ["-P", "/proc", "-etrace=open,openat", "-einject=open,openat:error=EACCES"];
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    ["strace", "-qq", "-o/dev/null", ...inject, ...ZOMBIES],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  expect({ exitCode, stdout: stdout.toString(), stderr: stderr.toString() }).toEqual({
    exitCode: 3,
    stdout: "",
    stderr: "Error: Cannot read /proc: opendir failed with EACCES\n",
  });
});

const GONE = 'pipe R, W; open STDOUT, ">&W"; close R; exec @ARGV';

for (const [what, prefix, errno] of [
  ["is full", ["sh", "-c", 'exec "$@" >/dev/full', "sh"], "ENOSPC"],
  ["has no reader", ["perl", "-e", GONE], "EPIPE"],
] as const) {
  needing("perl")(`a stdout that ${what} is an error: exit 3`, () => {
    for (const args of [[], ["--json"], ["--every", "1000"]]) {
      const command = [...prefix, ...ZOMBIES, ...args];
      const { exitCode, stderr } = Bun.spawnSync(command, { stdio: ["ignore", "pipe", "pipe"] });
      expect(stderr.toString()).toBe(`Error: Cannot write to stdout: write failed with ${errno}\n`);
      expect(exitCode).toBe(3);
    }
  });
}

it("--every looks again and again, says what changed, and exits as the last look found", async () => {
  await using scene = await Scene.set("late:missed:3");
  await using json = await scene.start("--every", "0.05", "--json");
  await using text = await scene.start("--every", "0.05");
  const reports = () => json.lines().map((line) => Report.parse(JSON.parse(line)));
  await until("they have looked twice", () => {
    return reports().length >= 2 && text.text().includes("unchanged");
  });
  expect(reports()[0]).toMatchObject({ count: 3 });
  expect(reports()[0]?.changes).toBeUndefined();
  expect(reports()[1]).toMatchObject({ count: 3, changes: { came: [], went: [] } });
  process.kill(scene.hostPid("missed") ?? 0, "SIGCHLD");
  await until("they have seen that all went", () => {
    return reports().at(-1)?.count === 0 && text.text().includes("No zombies");
  });
  expect(reports().filter(({ changes }) => changes?.went.length === 3)).toHaveLength(1);
  expect(text.text()).toMatch(/^\S+Z\n3 zombies left by 1 of /);
  expect(text.text()).toMatch(/^\S+Z: unchanged, 3 zombies$/m);
  expect(text.text()).toMatch(/^\S+Z: 0 came, 3 went\nNo zombies among /m);
  expect(await json.stop("SIGTERM")).toBe(0);
  expect(await text.stop("SIGINT")).toBe(0);
});

it("--every ends at once when told to, however long it was to wait", async () => {
  await using scene = await Scene.set("defaults:leaky:1");
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    await using watch = await scene.start("--every", "1000", "--json");
    await until("it has looked", () => watch.lines().length === 1);
    expect(await watch.stop(signal)).toBe(1);
  }
});

it("--every ends when told to though nobody reads what it prints", async () => {
  await using scene = await Scene.set("defaults:leaky:1000");
  await using watch = await scene.startUnread("--every", "1000", "--json");
  await until("it waits for its reader", () => watch.polls());
  expect(await watch.stop("SIGTERM")).toBe(3); // It was to print, and could not.
});

it("a single look ends by a signal as any program does", async () => {
  await using scene = await Scene.set("defaults:leaky:1000");
  await using watch = await scene.startUnread("--json");
  await until("it waits for its reader", () => watch.polls());
  expect(await watch.stop("SIGTERM")).toBe(128 + 15);
});

needing("strace", "namespaces")(
  "--every ends when told to, though no wait ever takes the signal",
  async () => {
    // A look and its report take longer than is between them, so that it has no time to find out. In
    // a namespace without zombies, since it waits before it tells of one.
    const faults = injecting("rt_sigtimedwait:error=EAGAIN", "write:delay_enter=300000");
    const prefix = ["strace", "-qq", ...faults];
    const command = [PAUSE, "zombies", "--every", "0.1"];
    await using tracer = await Running.spawn({ command, prefix });
    await until("it has looked", () => tracer.stdout.includes("\n"));
    process.kill(tracer.childPids()[0] ?? 0, "SIGTERM");
    const { code, stderr } = await tracer.ended();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  },
);
