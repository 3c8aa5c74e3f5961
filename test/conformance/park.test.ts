// Parked: what is left of it, which rung it takes, and what happens when a call of the chain fails.

import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { fixture, PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { BURST, EXEC_WITH_CHILD, STORM } from "../support/perl.ts";
import { Faults } from "../support/faults.ts";
import { injecting, Running } from "../support/process.ts";
import { Random } from "../support/random.ts";
import { until } from "../support/until.ts";

const it = needing("namespaces", "perl");
const traced = needing("strace", "perl");

const LINE = "Shutting down, got signal: Terminated\n";

/** Waits until it has parked with all else unmapped. */
async function unmapped(pause: Running): Promise<void> {
  await until("the runtime is unmapped", () => pause.field("VmSize") < 10_000);
}

/** What `--explain` says, from a process that is stopped again. */
async function explained(options: Parameters<typeof Running.start>[0]): Promise<string> {
  await using pause = await Running.start(options);
  return (await pause.stop()).stdout;
}

/** The calls that strace sees from start to stop, a line each. */
async function callsOf(options: readonly string[], command: readonly string[]): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), "pause-trace-"));
  try {
    const file = join(directory, "trace");
    await using pause = await Running.start({ command, strace: [`-o${file}`, ...options] });
    await unmapped(pause);
    await pause.stop();
    return readFileSync(file, "utf8").split("\n");
  } finally {
    rmSync(directory, { recursive: true });
  }
}

it("the runtime is gone: one thread, and the memory of a C program", async () => {
  await using pause = await Running.start();
  await unmapped(pause);
  expect(pause.field("Threads")).toBe(1);
  expect(pause.field("RssAnon")).toBeLessThanOrEqual(240);
  expect(pause.field("VmRSS")).toBeLessThanOrEqual(1000);
  expect(pause.field("VmSize")).toBeLessThanOrEqual(4096);
  const maps = readFileSync(`/proc/${pause.pid}/maps`, "utf8");
  const ofExecutable = maps.split("\n").filter((line) => line.endsWith("/dist/pause"));
  expect(ofExecutable).toHaveLength(1); // The page with libc's stderr.
  expect(maps).not.toMatch(/rwx/);
});

it("20,000 orphans do not even wake it", async () => {
  await using pause = await Running.start();
  await unmapped(pause);
  const switches = () =>
    pause.field("voluntary_ctxt_switches") + pause.field("nonvoluntary_ctxt_switches");
  const before = { switches: switches(), ticks: pause.cpuTicks() };
  await pause.perl(BURST, 10_000);
  expect(pause.children("Z")).toBe(0);
  await pause.perl(STORM, 10_000);
  await pause.childrenGone();
  expect({ switches: switches(), ticks: pause.cpuTicks() }).toEqual(before);
});

test("--explain tells the rung and the plan", async () => {
  const text = await explained({ command: [PAUSE, "--explain"], init: false });
  expect(text).toStartWith("Rung: parks in libc alone, with all else unmapped\n");
  expect(text).toMatch(/^ {2}drop +[0-9a-f]+-[0-9a-f]+ +\d+ kB {2}the executable$/m);
  expect(text).toMatch(/^ {2}keep +.* thread descriptor and thread-local storage$/m);
  expect(text).toContain("\n  wait: sigwaitinfo(signals, found), then take\n");
});

test("rung: with helper threads it parks and leaves the memory to them", async () => {
  const command = [await fixture("late-threads"), "--explain"];
  await using pause = await Running.start({ command, init: false });
  expect(pause.field("Threads")).toBeGreaterThan(1);
  const { code, stdout, stderr } = await pause.stop();
  expect(stdout).toStartWith("Rung: parks in libc alone, with nothing unmapped\n");
  expect({ code, last: stderr.split("\n").at(-2) + "\n" }).toEqual({ code: 0, last: LINE });
});

traced(
  "rung: with sigwait refused it holds by pause, and a signal's number is the exit code",
  async () => {
    const command = ["perl", "-e", EXEC_WITH_CHILD, PAUSE, "--explain"];
    const strace = injecting("rt_sigtimedwait:error=ENOSYS");
    await using pause = await Running.start({ command, strace });
    await unmapped(pause);
    process.kill(pause.childPids()[0] ?? 0, "SIGKILL");
    await pause.childrenGone();
    const { code, stdout, stderr } = await pause.stop("SIGINT");
    expect(code).toBe(2);
    expect(stdout).toContain("sigwait is refused, so it holds by pause");
    expect(stdout).toContain("\n  wait: pause(), then take\n");
    expect(stderr).toEndWith(
      "Warning: Cannot wait for signals: sigwaitinfo failed with ENOSYS; the kernel reaps now, and a signal ends pause without a word\n",
    );
  },
);

traced("rung: with unreadable maps it waits in JavaScript", async () => {
  const command = [PAUSE, "--explain"]; // The engine, too, opens files, and it depends on this when.
  const opened = await callsOf(["-etrace=openat"], command);
  // The last one: libc looks there for the bounds of the stack.
  const which = opened.findLastIndex((call) => call.includes('"/proc/self/maps"')) + 1;
  const strace = injecting(`openat:error=EACCES:when=${which}`);
  await using pause = await Running.start({ command, strace });
  const { code, stdout, stderr } = await pause.stop();
  expect(stdout).toBe("Rung: waits in JavaScript\nBecause: open failed with EACCES\n");
  expect(code).toBe(0);
  expect(stderr).toMatch(/Terminated \(sent by pid \d+, uid \d+\)\n$/);
});

test("rung: with a library that it does not know it waits in JavaScript", async () => {
  const maps = readFileSync("/proc/self/maps", "utf8");
  const libc = /\S+\/libc\.so\.6$/m.exec(maps)?.[0] ?? "";
  const preload = libc.replace("libc.so.6", "libutil.so.1"); // Empty, and part of every glibc.
  const env = { LD_PRELOAD: preload };
  const text = await explained({ command: [PAUSE, "--explain"], init: false, env });
  expect(text).toMatch(
    /^Rung: waits in JavaScript\nBecause: Cannot tell what .*libutil\.so\.1" is for\n$/,
  );
});

test("rung: told to watch it waits in JavaScript", async () => {
  const text = await explained({ command: [PAUSE, "--explain", "--watch"], init: false });
  expect(text).toBe("Rung: waits in JavaScript\nBecause: it was told to watch\n");
});

traced("parked, it makes no call but those of the chain", async () => {
  const calls = (await callsOf([], [PAUSE])).map((line) => /^\d+ +([a-z_0-9]+)\(/.exec(line)?.[1]);
  const end = calls.slice(calls.lastIndexOf("rt_sigtimedwait"));
  expect(end.filter((call) => call !== undefined && call !== "rt_sigprocmask")).toEqual([
    "rt_sigtimedwait",
    "setitimer",
    "write",
    "exit_group",
  ]);
});

for (const [fault, effect] of [
  ["munmap:error=ENOMEM:when=6+", "it keeps the memory"], // Before that, the runtime would abort.
  ["madvise:error=EINVAL", "it keeps the pages"],
  ["setitimer:error=EINVAL", "it writes without a bound"],
  ["write:error=EPIPE", "it ends without the line"],
  ["wait4:error=ENOSYS", "the kernel reaps all the same"],
] as const) {
  traced(`${fault}: ${effect}, and stops with 0`, async () => {
    const command = ["perl", "-e", EXEC_WITH_CHILD, PAUSE];
    await using pause = await Running.start({ command, strace: injecting(fault) });
    process.kill(pause.childPids()[0] ?? 0, "SIGKILL");
    await pause.childrenGone();
    expect((await pause.stop()).code).toBe(0);
  });
}

for (const errno of ["EINTR", "EINVAL", "ENOSYS"]) {
  traced(
    `sigwait fails with ${errno} from the start: it holds by pause, and does not spin`,
    async () => {
      const strace = injecting(`rt_sigtimedwait:error=${errno}`);
      await using pause = await Running.start({ strace });
      await unmapped(pause);
      const before = pause.cpuTicks();
      await Bun.sleep(1000);
      expect(pause.cpuTicks() - before).toBeLessThan(20);
      const { code, stderr } = await pause.stop();
      expect(code).toBe(15);
      expect(stderr).not.toContain("Shutting down");
    },
  );
}

// With EAGAIN, as a wait without a time never does, it cannot be told at the start.
traced("sigwait fails with EAGAIN from the start: it looks every 50 ms", async () => {
  await using pause = await Running.start({ strace: injecting("rt_sigtimedwait:error=EAGAIN") });
  await unmapped(pause);
  const before = pause.cpuTicks();
  await Bun.sleep(1000);
  expect(pause.cpuTicks() - before).toBeLessThan(20);
  const { code, stderr } = await pause.stop();
  expect({ code, line: stderr.endsWith(LINE) }).toEqual({ code: 0, line: true });
});

traced(
  "the wait fails for ever: SIGALRMs do not confuse it, and either signal ends it",
  async () => {
    for (const [signal, name] of [
      ["SIGTERM", "Terminated"],
      ["SIGINT", "Interrupt"],
    ] as const) {
      await using pause = await Running.start({ init: false });
      await unmapped(pause);
      await using _faults = await Faults.into(pause, "rt_sigtimedwait:error=EINTR");
      for (let count = 0; count < 200; count++) {
        pause.kill("SIGALRM");
        await Bun.sleep(1);
      }
      const { code, stderr } = await pause.stop(signal);
      expect({ code, line: stderr.endsWith(`got signal: ${name}\n`) }).toEqual({
        code: 0,
        line: true,
      });
    }
  },
);

test("stopped and continued a thousand times, with a SIGTERM in between: exit 0, and the line", async () => {
  const seed = Random.seed();
  const random = new Random(seed);
  for (const init of [true, false]) {
    for (let trial = 0; trial < 20; trial++) {
      await using pause = await Running.start({ init });
      const rounds = random.below(50);
      for (let round = 0; round < rounds; round++) {
        pause.kill("SIGSTOP");
        if (random.below(2) === 0) await Bun.sleep(random.below(3));
        pause.kill("SIGCONT");
        if (random.below(2) === 0) await Bun.sleep(random.below(3));
      }
      const stopped = random.below(2) === 0;
      if (stopped) pause.kill("SIGSTOP");
      pause.kill("SIGTERM");
      if (stopped) pause.kill("SIGCONT");
      const { code, stderr } = await pause.ended();
      const line = stderr.endsWith(LINE);
      expect({ seed, code, line }).toEqual({ seed, code: 0, line: true });
    }
  }
});

needing("perl")(
  "signals that were blocked before it started stay so, and stop nothing",
  async () => {
    // SIGHUP to SIGUSR1 lie in what of the pending signals is looked at, beside SIGINT and SIGTERM.
    const block =
      "use POSIX; sigprocmask(SIG_BLOCK, POSIX::SigSet->new(1, 3, 10, 12)); exec @ARGV or die";
    const command = ["perl", "-e", block, PAUSE];
    await using pause = await Running.start({ command, init: false });
    await unmapped(pause);
    for (const signal of ["SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM"] as const) {
      pause.kill(signal);
    }
    for (let round = 0; round < 3; round++) {
      pause.kill("SIGSTOP");
      await until("it is stopped", () => pause.stat().state === "T");
      pause.kill("SIGCONT");
      await Bun.sleep(100); // Longer than it naps: so it looks, waits, and is interrupted again.
    }
    expect(pause.hasEnded()).toBe(false);
    expect(await pause.stop()).toMatchObject({ code: 0 });
  },
);

test("the two signals that libc keeps to itself reach no handler of it, and do nothing", async () => {
  await using pause = await Running.start({ init: false });
  await unmapped(pause);
  for (const signal of [32, 33])
    expect(Bun.spawnSync(["kill", `-${signal}`, `${pause.pid}`]).exitCode).toBe(0);
  // As digits: bits 31 and 32 of a mask in hexadecimal.
  await until("both are pending", () => pause.field("ShdPnd") === 180_000_000);
  expect(await pause.stop()).toMatchObject({ code: 0, stderr: expect.stringContaining(LINE) });
});

needing("perl")("what a sender puts into a signal is no length of anything", async () => {
  await using pause = await Running.start({ init: false });
  await unmapped(pause);
  // siginfo_t: signo, errno, code (SI_QUEUE), PID, UID, and all else ones. rt_sigqueueinfo(2)
  const queue = `my $call = {x86_64 => 129, aarch64 => 138}->{(POSIX::uname())[4]};
    my $info = pack "l!0 l4 L a*", 15, -1, -1, 0, $$, $<, "\xff" x 104;
    syscall($call, $ARGV[0] + 0, 15, $info) == 0 or die "rt_sigqueueinfo: $!"; BEGIN { require POSIX }`;
  const sent = Bun.spawnSync(["perl", "-e", queue, String(pause.pid)]);
  expect(sent.stderr.toString()).toBe("");
  const { code, stderr } = await pause.ended();
  expect({ code, line: stderr.endsWith(LINE) }).toEqual({ code: 0, line: true });
});

traced("sigwait and pause fail: it sleeps round after round, whatever signals come", async () => {
  const directory = mkdtempSync(join(tmpdir(), "pause-trace-"));
  try {
    const trace = join(directory, "trace");
    // arm64 has no call named pause.
    const refused = `rt_sigtimedwait,${process.arch === "arm64" ? "ppoll" : "pause"}`;
    const sleeps = "nanosleep,clock_nanosleep";
    const strace = [`-o${trace}`, `-etrace=${refused},${sleeps}`];
    const inject = `-einject=${refused}:error=ENOSYS`;
    await using pause = await Running.start({ strace: [...strace, inject] });
    await unmapped(pause);
    await until("it has slept four times", () => {
      pause.kill("SIGALRM");
      return (readFileSync(trace, "utf8").match(/nanosleep\(/g)?.length ?? 0) > 4;
    });
    expect((await pause.stop()).code).toBe(15);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

traced("sigwait is interrupted: it goes on waiting", async () => {
  await using pause = await Running.start({
    strace: injecting("rt_sigtimedwait:error=EINTR:when=1..2"),
  });
  await unmapped(pause);
  const { code, stderr } = await pause.stop();
  expect({ code, line: stderr.endsWith(LINE) }).toEqual({ code: 0, line: true });
});

test("500 starts in a row: each parks and stops with 0", async () => {
  for (let start = 0; start < 500; start++) {
    await using pause = await Running.start({ init: false });
    const { code, stderr } = await pause.stop();
    expect({ code, line: stderr.endsWith(LINE) }).toEqual({ code: 0, line: true });
  }
});
