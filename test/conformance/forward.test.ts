// What becomes of a signal that pause gets while it runs a command.

import { expect, test } from "bun:test";

import { Signal, SIGRTMAX, SIGRTMIN } from "../../src/libc/abi.ts";
import { PAUSE } from "../support/executables.ts";
import { Faults } from "../support/faults.ts";
import { needing } from "../support/needs.ts";
import { LISTENER } from "../support/perl.ts";
import { childrenOf, injecting, readStat, Running } from "../support/process.ts";
import { until } from "../support/until.ts";

const it = needing("perl");

/** Nobody can catch these, and this is how pause learns of its children. */
const NOT_FORWARDED: readonly number[] = [Signal.SIGKILL, Signal.SIGSTOP, Signal.SIGCHLD];

const FORWARDED = [...Object.values(Signal), SIGRTMIN, 50, SIGRTMAX].filter(
  (signal) => !NOT_FORWARDED.includes(signal),
);

/** Starts pause with a command that prints the signals it gets, and waits until it listens. */
async function listening(options: readonly string[], init: boolean, name = "command") {
  const command = [PAUSE, ...options, "--", "perl", "-e", LISTENER, name];
  const pause = await Running.start({ command, init });
  await pause.printed(`${name} listens\n`);
  return pause;
}

for (const init of [true, false]) {
  it(`${init ? "PID 1" : "not PID 1"}: every signal that can be caught is forwarded, each once`, async () => {
    await using pause = await listening([], init);
    let expected = "command listens\n";
    for (const signal of FORWARDED) {
      pause.kill(signal);
      expected += `command got ${signal}\n`;
      await pause.printed(expected);
    }
    pause.kill(Signal.SIGKILL);
  });
}

it("signals that come all at once are all forwarded", async () => {
  await using pause = await listening([], false);
  // SIGCONT takes back stops that are pending. signal(7)
  const stops: readonly number[] = [Signal.SIGTSTP, Signal.SIGTTIN, Signal.SIGTTOU];
  const together = FORWARDED.filter((signal) => !stops.includes(signal));
  pause.kill("SIGSTOP");
  for (const signal of together) if (signal !== Signal.SIGCONT) pause.kill(signal);
  pause.kill("SIGCONT");
  await until("all have come", () =>
    together.every((signal) => pause.stdout.includes(`command got ${signal}\n`)),
  );
});

it("with --group a grandchild gets it too, without it does not", async () => {
  const family = `my $pid = fork // die; if ($pid == 0) { @ARGV = ("grandchild") }\n${LISTENER}`;
  for (const options of [["--group"], []]) {
    const command = [PAUSE, ...options, "--", "perl", "-e", family, "command"];
    await using pause = await Running.start({ command, init: false });
    await until("both listen", () => pause.stdout.match(/listens/g)?.length === 2);
    pause.kill("SIGHUP");
    pause.kill("SIGHUP");
    await until("the command got it", () => pause.stdout.includes("command got 1\n"));
    if (options.length > 0) {
      await until("the grandchild got it", () => pause.stdout.includes("grandchild got 1\n"));
    }
    const grandchild = pause.childPids().flatMap(childrenOf);
    process.kill(grandchild[0] ?? 0, "SIGUSR2");
    await until("the grandchild is listened to", () => pause.stdout.includes("grandchild got 12"));
    expect(pause.stdout.includes("grandchild got 1\n")).toBe(options.length > 0);
    process.kill(grandchild[0] ?? 0, "SIGKILL");
  }
});

it("with --group a command that has moved to another group gets it by itself", async () => {
  const moves = `setpgrp 0, getpgrp getppid or die "setpgrp: $!";\n${LISTENER}`;
  const command = [PAUSE, "-g", "--", "perl", "-e", moves, "command"];
  await using pause = await Running.start({ command, init: false });
  await pause.printed("command listens\n");
  pause.kill("SIGHUP");
  await until("it has come", () => pause.stdout.includes("command got 1\n"));
});

it("a signal is rewritten, dropped, or forwarded as it is", async () => {
  const options = ["-r", "TERM:QUIT", "--rewrite", "hup:none", "-r", "10:USR2", "-r", "RTMIN:1"];
  await using pause = await listening(options, false);
  let expected = "command listens\n";
  for (const [signal, got] of [
    [Signal.SIGTERM, Signal.SIGQUIT],
    [Signal.SIGHUP, undefined],
    [Signal.SIGUSR1, Signal.SIGUSR2],
    [SIGRTMIN, Signal.SIGHUP],
    [Signal.SIGINT, Signal.SIGINT],
  ] as const) {
    pause.kill(signal);
    if (got === undefined) continue;
    expected += `command got ${got}\n`;
    await pause.printed(expected);
  }
});

it("SIGUSR1 goes to a command that awaits it; for another pause says how it is", async () => {
  await using awaits = await listening([], false);
  awaits.kill("SIGUSR1");
  await awaits.printed("command listens\ncommand got 10\n");
  expect(awaits.stderr).toBe("");

  const orphans = "for i in 1 2 3; do (true &); done; exec sleep 1000";
  const command = [PAUSE, "--", "sh", "-c", orphans];
  await using other = await Running.start({ command, init: false });
  await other.settled("sleep");
  other.kill("SIGUSR1");
  await until("it says how it is", () => other.stderr.includes("\n"));
  const [child] = other.childPids();
  expect(other.stderr).toMatch(
    new RegExp(
      `^Up \\d+s, command ${child} running, 1 child, 3 orphans reaped, ` +
        "last \\d+ \\d+s ago: exited with 0\n$",
    ),
  );
  expect((await other.stop()).code).toBe(143);

  await using forced = await Running.start({
    command: [PAUSE, "--forward-usr1", "--", "sleep", "1000"],
    init: false,
  });
  await forced.settled("sleep");
  expect((await forced.stop("SIGUSR1")).code).toBe(128 + Signal.SIGUSR1);
});

it("--kill-after kills a command that ignores SIGTERM, and not one that is told something else", async () => {
  await using pause = await listening(["--kill-after", "0.2"], false);
  pause.kill("SIGHUP");
  await pause.printed("command listens\ncommand got 1\n");
  pause.kill("SIGTERM");
  expect((await pause.ended()).code).toBe(128 + Signal.SIGKILL);
});

needing("strace")("--kill-after kills it in a storm of signals that never ends", async () => {
  const ignoring = 'trap "" TERM; exec sleep 1000';
  const command = [PAUSE, "--kill-after", "0.2", "--", "sh", "-c", ignoring];
  await using pause = await Running.start({ command, init: false });
  await pause.settled("sleep");
  await using _ = await Faults.into(pause, `rt_sigtimedwait:retval=${Signal.SIGTERM}`);
  await until("it is killed", () => pause.children("Z") === 1);
});

needing("strace")("a signal that it has no right to send gets a warning", async () => {
  await using pause = await Running.start({
    command: [PAUSE, "--", "sleep", "1000"],
    strace: injecting("kill:error=EPERM"),
  });
  await pause.settled("sleep");
  pause.kill("SIGHUP");
  const [child = 0] = pause.childPids();
  const warning = `Warning: Cannot forward SIGHUP to ${child}: kill failed with EPERM\n`;
  await until("it says so", () => pause.stderr === warning);
  process.kill(child, "SIGKILL");
  expect((await pause.ended()).code).toBe(128 + Signal.SIGKILL);
});

test("PDEATHSIG: when its parent dies pause gets the signal, and the command with it", async () => {
  for (const [signal, code] of [
    ["TERM", "15"],
    ["KILL", "9"],
  ] as const) {
    const parent = Bun.spawn(["sh", "-c", `${PAUSE} -p ${signal} -- sleep 1000 & echo $!; wait`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const { value } = await parent.stdout.getReader().read();
    const pid = Number(Buffer.from(value ?? []).toString());
    const [child = 0] = await until("the command runs", () => {
      const pids = childrenOf(pid);
      return pids.length > 0 && readStat(pids[0] ?? 0)?.name === "sleep" ? pids : undefined;
    });
    process.kill(parent.pid, "SIGKILL");
    await until(`both are gone by ${code}`, () => !runs(pid) && !runs(child));
  }
});

/** Whether a process is there, and not a zombie. */
function runs(pid: number): boolean {
  return (readStat(pid)?.state ?? "Z") !== "Z";
}
