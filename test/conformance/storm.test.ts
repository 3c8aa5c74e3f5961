// Much at once, and what children seldom do: none is lost, and no zombie is left.

import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { constants, freemem, release } from "node:os";

import { Signal } from "../../src/libc/abi.ts";
import { PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { BURST, CROWD, LISTENER, STORM } from "../support/perl.ts";
import { Running } from "../support/process.ts";
import { until } from "../support/until.ts";

const it = needing("namespaces", "perl");
const asRoot = needing("root", "namespaces", "perl");

const WAYS = [[PAUSE], [PAUSE, "--watch"]] as const;

/** How long it is stopped, in seconds: some here, a minute by PAUSE_TEST_STOP=60. */
const STOPPED = Number(process.env["PAUSE_TEST_STOP"] ?? 2);

/** Those that a program may be sent, SIGCONT among them, and the real-time ones. signal(7) */
const NAMES = [
  "HUP",
  "INT",
  "QUIT",
  "USR1",
  "USR2",
  "PIPE",
  "ALRM",
  "TERM",
  "CONT",
  "URG",
  "WINCH",
];
const SIGNALS = [
  ...NAMES.map((name) => constants.signals[`SIG${name}` as NodeJS.Signals]),
  ...Array.from({ length: 31 }, (_, index) => 34 + index),
];

it(
  `stopped for ${STOPPED} s in a storm, it loses no orphan and no signal`,
  async () => {
    const trial = async (...args: readonly string[]) => {
      const isRunning = args.includes("--");
      await using pause = await Running.start({ command: [PAUSE, ...args] });
      if (isRunning) await pause.printed("command listens\n");
      pause.kill("SIGSTOP");
      await until("it is stopped", () => pause.stat().state === "T");
      const end = performance.now() + 1000 * STOPPED;
      do await Promise.all([pause.perl(STORM, 100), pause.perl(BURST, 100)]);
      while (performance.now() < end);
      // Parked, the kernel reaps, whatever the process does. Else there is something to lose.
      const zombies = pause.children("Z");
      if (args.length === 0) expect(zombies).toBe(0);
      else expect(zombies).toBeGreaterThanOrEqual(200);
      const others = SIGNALS.filter((signal) => signal !== Signal.SIGCONT);
      if (isRunning) for (const signal of others) pause.kill(signal);
      pause.kill("SIGCONT");
      await until("no zombie is left", () => pause.children("Z") === 0);
      if (isRunning) {
        const lines = () => pause.stdout.split("\n").slice(1, -1);
        await until("the command has got as many", () => lines().length >= SIGNALS.length);
        const expected = SIGNALS.map((signal) => `command got ${signal}`);
        expect(lines().toSorted()).toEqual(expected.toSorted());
        return;
      }
      expect((await pause.stop()).code).toBe(0);
    };
    await Promise.all([trial(), trial("--watch"), trial("--", "perl", "-e", LISTENER, "command")]);
  },
  120_000 + 2000 * STOPPED,
);

/** What a zombie takes in the kernel, in bytes, and as much again for whoever else is there. */
const ZOMBIE = 16_000;

/** As many PIDs as that, if this machine may have them; what was is put back. Use with `using`. */
class Pids implements Disposable {
  static readonly #file = "/proc/sys/kernel/pid_max";
  readonly #before = readFileSync(Pids.#file, "utf8");
  /** How many processes there may be at once, with some left for others. */
  readonly most: number;

  constructor(wanted: number) {
    if (Number(this.#before) < 2 * wanted) {
      try {
        writeFileSync(Pids.#file, String(2 * wanted));
      } catch {
        // It is not for this process to say.
      }
    }
    const pids = Number(readFileSync(Pids.#file, "utf8")) - 10_000;
    const threads = Number(readFileSync("/proc/sys/kernel/threads-max", "utf8")) - 10_000;
    this.most = Math.max(1000, Math.min(wanted, pids, threads, Math.floor(freemem() / ZOMBIE)));
  }

  [Symbol.dispose](): void {
    if (readFileSync(Pids.#file, "utf8") !== this.#before) writeFileSync(Pids.#file, this.#before);
  }
}

asRoot(
  "100,000 orphans, all at once where the machine has the room: none is left",
  async () => {
    const all = 100_000;
    using pids = new Pids(all);
    const waves = Math.ceil(all / pids.most);
    const makers = 2;
    const each = Math.ceil(all / waves / makers);
    for (const command of WAYS) {
      await using pause = await Running.start({ command });
      for (let wave = 0; wave < waves; wave++) {
        const processes = Number(await pause.perl(CROWD, each, makers));
        expect(processes).toBeGreaterThan(each * makers);
        await pause.childrenGone();
      }
      expect((await pause.stop()).code).toBe(0);
      console.log(`${waves} times ${each * makers} orphans at once`);
    }
  },
  300_000,
);

asRoot("children that have become another user are reaped", async () => {
  const program = "$) = 1234; $( = 1234; $> = 1234; $< = 1234; ($<) = 1234; exit 0";
  for (const command of WAYS) {
    await using pause = await Running.start({ command });
    await pause.perl(`if (fork == 0) { if (fork == 0) { ${program} } exit 0 } wait`);
    await pause.childrenGone();
    expect((await pause.stop()).code).toBe(0);
  }
});

asRoot("an orphan that is traced is reaped once its tracer lets go", async () => {
  const program = `use POSIX ();
    my $orphan = fork // die;
    if ($orphan == 0) { sleep 1000 }
    if ((my $tracer = fork // die) == 0) {
      syscall($ARGV[0] + 0, 0x4206, $orphan, 0, 0) == 0 or die "ptrace: $!"; # PTRACE_SEIZE
      kill KILL => $orphan;
      sleep 1000 while 1; # It never waits for it.
    }
    POSIX::_exit(0);`;
  const ptrace = process.arch === "arm64" ? 117 : 101;
  for (const command of WAYS) {
    await using pause = await Running.start({ command });
    // Two are left to PID 1, the tracer among them.
    const traced = pause.perl(
      `close STDOUT; close STDERR; if (fork == 0) { ${program} } wait`,
      ptrace,
    );
    await until("its tracer keeps it from being reaped", () => pause.children("Z") === 1);
    await traced;
    for (const pid of pause.childPids("S")) process.kill(pid, "SIGKILL");
    await pause.childrenGone();
    expect((await pause.stop()).code).toBe(0);
  }
});

asRoot("the PIDs come round: an orphan that has an earlier one's is reaped too", async () => {
  const again = `use POSIX ();
    for (1 .. 50) {
      open my $last, ">", "/proc/sys/kernel/ns_last_pid" or die "ns_last_pid: $!";
      syswrite $last, "300"; close $last;
      if (fork == 0) { POSIX::_exit(0) if fork; POSIX::_exit(0) }
      wait;
    }`;
  for (const command of WAYS) {
    await using pause = await Running.start({ command });
    await pause.perl(again);
    await pause.childrenGone();
    expect((await pause.stop()).code).toBe(0);
  }
});

/** From 6.14 on a PID namespace has a pid_max of its own; before, this would be the machine's. */
const [major = 0, minor = 0] = release().split(".").map(Number);
const hasOwn = major > 6 || (major === 6 && minor >= 14);
const few = "with 100 PIDs in all, 1,000 orphans are reaped, and none is in another's way";

(hasOwn ? asRoot : test.skip)(hasOwn ? few : `${few} (needs Linux 6.14)`, async () => {
  const counting = STORM.replace(
    "POSIX::_exit(0)",
    "syswrite STDOUT, qq($orphan\\n); POSIX::_exit(0)",
  );
  for (const command of WAYS) {
    await using pause = await Running.start({ command });
    await pause.inside("sh", "-c", "echo 400 >/proc/sys/kernel/pid_max");
    const pids = (await pause.perl(counting, 1000)).trim().split("\n");
    await pause.childrenGone();
    expect(pids).toHaveLength(1000);
    expect(new Set(pids).size).toBeLessThanOrEqual(400);
    expect((await pause.stop()).code).toBe(0);
  }
});
