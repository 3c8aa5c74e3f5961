// Parked, it has locked itself in: the kernel refuses every call but those it makes.

import { expect, test } from "bun:test";

import { Errno, Syscall } from "../../src/libc/abi.ts";
import { RULES } from "../../src/park/filter.ts";
import { fixture, PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { INJECT } from "../support/perl.ts";
import { injecting, Running } from "../support/process.ts";
import { until } from "../support/until.ts";

const LINE = "Shutting down, got signal: Terminated\n";
const traced = needing("strace");
/** Its registers are those of one architecture; the filter of the other is tested in test/unit. */
const injected = process.arch === "x64" ? needing("perl", "root") : test.skip;

/** Waits until it has made the last call before it waits. */
const locked = (pause: Running) => until("it is locked in", () => pause.field("Seccomp") === 2);

/** What calls return that a tracer has a process make, by what was asked for. */
function inject(pid: number, calls: readonly string[]): Map<string, number> {
  const run = Bun.spawnSync(["perl", "-e", INJECT, String(pid), ...calls]);
  if (!run.success) throw new Error(run.stderr.toString());
  const lines = run.stdout.toString().trim().split("\n");
  return new Map(
    lines.map((line) => line.split(" ")).map(([call, result]) => [call ?? "", Number(result)]),
  );
}

test("it has a filter, and can gain no privileges", async () => {
  for (const init of [true, false]) {
    await using pause = await Running.start({ init });
    await locked(pause);
    expect(pause.field("NoNewPrivs")).toBe(1);
    const { code, stderr } = await pause.stop();
    expect({ code, line: stderr.endsWith(LINE) }).toEqual({ code: 0, line: true });
  }
});

injected("every call but those of the chain is refused, and TERM still ends it", async () => {
  await using pause = await Running.start({ command: [PAUSE] });
  await locked(pause);
  // The kernel lets two calls through any filter, those of its own probes: uretprobe, uprobe.
  const allowed = new Set<number>([335, 336, ...RULES.map(({ call }) => Syscall.x64[call])]);
  const refused = Array.from({ length: 1024 }, (_, number) => number)
    .filter((number) => !allowed.has(number))
    .map(String);
  const { write, setitimer, rt_sigprocmask, getpid } = Syscall.x64;
  // Allowed only with other arguments; the x32 and the 32-bit ways in, where exit is 1 and write 4.
  refused.push(`${write},1`, `${write},3`, `${setitimer},1`, `${rt_sigprocmask},0`);
  refused.push(`${0x40000000 | write},2`, `${0x40000000 | getpid}`, "old:1", "old:4,2", "old:20");
  const results = inject(pause.pid, refused);
  expect(results.size).toBe(refused.length);
  for (const [call, result] of results) {
    expect({ call, result }).toEqual({ call, result: -Errno.EPERM });
  }
  const ours = inject(pause.pid, [
    `${getpid}`,
    `${write},2`,
    `${setitimer},0`,
    `${rt_sigprocmask},2,0,0,8`,
  ]);
  expect([...ours.values()]).toEqual([1, 0, 0, 0]);
  const { code, stderr } = await pause.stop();
  expect({ code, stderr }).toEqual({ code: 0, stderr: LINE });
});

injected("negative control: where it is not locked in, such calls are not refused", async () => {
  await using pause = await Running.start({ command: [PAUSE, "--watch"] });
  expect(pause.field("Seccomp")).toBe(0);
  const [getppid, socket, openat, uname] = ["110", "41,1,1,0", "257,-100,0,0", "63,0"];
  const results = inject(pause.pid, [getppid, socket, openat, uname]);
  expect(results.get(getppid)).toBe(0);
  expect(results.get(socket)).toBeGreaterThan(2);
  expect([results.get(openat), results.get(uname)]).toEqual([-Errno.EFAULT, -Errno.EFAULT]);
  expect((await pause.stop()).code).toBe(0);
});

for (const errno of ["EPERM", "EINVAL", "ENOSYS"]) {
  traced(
    `the kernel refuses a filter with ${errno}: it parks all the same, and says so`,
    async () => {
      const strace = injecting(`prctl:error=${errno}`);
      await using pause = await Running.start({ command: [PAUSE, "--explain"], strace });
      await until("the runtime is unmapped", () => pause.field("VmSize") < 10_000);
      expect(pause.field("Seccomp")).toBe(0);
      const { code, stdout } = await pause.stop();
      expect(code).toBe(0);
      expect(stdout).toContain(
        `Locked in: no, the kernel takes no filter: prctl failed with ${errno}\n`,
      );
    },
  );
}

test("--explain says that it is locked in, and with helper threads that it is not", async () => {
  for (const [executable, said, seccomp] of [
    [PAUSE, "Locked in: yes, to the 12 system calls", 2],
    [await fixture("late-threads"), "Locked in: no, helper threads", 0],
  ] as const) {
    await using pause = await Running.start({ command: [executable, "--explain"], init: false });
    await until("it has or has not a filter", () => pause.field("Seccomp") === seccomp);
    expect((await pause.stop()).stdout).toContain(said);
  }
});

needing("setpriv")("without a right to gain privileges it locks itself in too", async () => {
  const prefix = ["setpriv", "--no-new-privs"];
  await using pause = await Running.start({ prefix, init: false });
  await locked(pause);
  expect((await pause.stop()).code).toBe(0);
});

test("stopped and continued, it waits on", async () => {
  await using pause = await Running.start();
  await locked(pause);
  for (let round = 0; round < 20; round++) {
    pause.kill("SIGSTOP");
    await until("it is stopped", () => pause.stat().state === "T");
    pause.kill("SIGCONT");
    await until("it waits", () => pause.stat().state === "S");
  }
  expect(await pause.stop()).toMatchObject({ code: 0, stderr: LINE });
});

traced(
  "stopped and continued where it holds by sleep, it sleeps on and does not spin",
  async () => {
    // arm64 has no call named pause.
    const pauseCall = process.arch === "arm64" ? "ppoll" : "pause";
    const strace = injecting("rt_sigtimedwait:error=ENOSYS", `${pauseCall}:error=ENOSYS`);
    await using pause = await Running.start({ strace });
    await locked(pause);
    for (let round = 0; round < 20; round++) {
      pause.kill("SIGSTOP");
      await until("it is stopped", () => pause.stat().state === "t" || pause.stat().state === "T");
      pause.kill("SIGCONT");
      await until("it sleeps", () => pause.stat().state === "S");
    }
    const before = pause.cpuTicks();
    await Bun.sleep(1000);
    expect(pause.cpuTicks() - before).toBeLessThan(20);
    expect((await pause.stop()).code).toBe(15);
  },
);
