// When the time of day is set, ahead or back, by hand or by NTP: whoever waits for a time goes by
// the clock that nobody can set.
//
// The machine's time of day is everybody's, so libfaketime shows one process another: that clock
// alone; or, for the negative control, the monotonic one with it. A time namespace moves that one
// for real, as on a machine that has just started, or has been up for years.

import { expect } from "bun:test";
import {
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Signal } from "../../src/libc/abi.ts";
import { PAUSE } from "../support/executables.ts";
import { FAKETIME, needing } from "../support/needs.ts";
import { EXEC_WITH_CHILD, LISTENER } from "../support/perl.ts";
import { Running } from "../support/process.ts";
import { NEVER, until } from "../support/until.ts";

const it = needing("faketime", "perl");
const asRoot = needing("root", "perl");

const DAY = 86_400_000;

/** The time of day as one process sees it. Use with `using`. */
class Clock implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "pause-clock-"));
  readonly #file = join(this.#directory, "offset");
  readonly env: Record<string, string>;

  /** @param monotonic whether the clock jumps that no real one does */
  constructor(monotonic: boolean) {
    this.env = {
      ...(process.env as Record<string, string>),
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: monotonic ? "0" : "1",
    };
    this.set("+0");
  }

  /** Sets it, at once for whoever looks. */
  set(offset: string): void {
    writeFileSync(`${this.#file}.new`, `${offset}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true });
  }
}

/** Something that waits for some seconds. */
interface Waiting {
  readonly what: string;
  /** How many, where they cannot be chosen. */
  readonly fixed?: number;
  /** Starts it; when this returns it is about to sleep. */
  start(env: Record<string, string>, seconds: number): Promise<Running>;
  /** Whether the time has come for it. */
  over(pause: Running): boolean;
}

const hasEnded = (pause: Running) => pause.hasEnded();
const UNPRELOADED = ["env", "-u", "LD_PRELOAD"];

const ALL: readonly Waiting[] = [
  {
    what: "--kill-after",
    async start(env, seconds) {
      const listener = [...UNPRELOADED, "perl", "-e", LISTENER, "command"];
      const command = [PAUSE, `--kill-after=${seconds}`, "--", ...listener];
      const pause = await Running.spawn({ command, init: false, env });
      await pause.printed("command listens\n");
      pause.kill("SIGTERM");
      await pause.printed("command listens\ncommand got 15\n");
      return pause;
    },
    over: hasEnded,
  },
  {
    what: "--drain",
    async start(env, seconds) {
      const leaves = [...UNPRELOADED, "sh", "-c", `trap "" TERM; sleep 1000 & exit 8`];
      const command = [PAUSE, `--drain=${seconds}`, "--", ...leaves];
      const pause = await Running.spawn({ command, init: false, env });
      await pause.settled("sleep");
      return pause;
    },
    over: hasEnded,
  },
  {
    what: "zombies --every",
    async start(env, seconds) {
      const command = [PAUSE, "zombies", "--json", `--every=${seconds}`];
      const pause = await Running.spawn({ command, init: false, env });
      await until("it has looked once", () => looks(pause).length === 1);
      return pause;
    },
    over: (pause) => looks(pause).length > 1,
  },
  {
    what: "--watch until it gives back memory",
    fixed: 1,
    start: (env) => Running.start({ command: [PAUSE, "--watch"], init: false, env }),
    over: (pause) => 2 * pause.field("VmRSS") < pause.field("VmHWM"),
  },
];

/** What the reports of `zombies --json` take for the time of day. */
function looks(pause: Running): number[] {
  const lines = pause.stdout
    .split("\n")
    .slice(0, -1)
    .filter((line) => line.startsWith("{"));
  return lines.map((line) => Date.parse((JSON.parse(line) as { time: string }).time));
}

/**
 * Has something wait, and sets its clock meanwhile.
 * @returns the milliseconds until it was over; they begin before the wait does
 * @throws {Error} if it is not over by the deadline
 */
async function wait(
  { what, start, over, fixed }: Waiting,
  { seconds = 2, jump = "", monotonic = false, deadline = NEVER },
): Promise<number> {
  using clock = new Clock(monotonic);
  const begin = performance.now();
  await using pause = await start(clock.env, fixed ?? seconds);
  await until("it sleeps", () => pause.stat().state === "S");
  clock.set(jump);
  pause.kill("SIGSTOP");
  await until("it is stopped", () => pause.stat().state === "T");
  pause.kill("SIGCONT"); // It interrupts the wait, so that it looks what time it is.
  await until(`${what} with the clock at ${jump}`, () => over(pause), deadline);
  const took = performance.now() - begin;
  const [first, last = 0] = looks(pause);
  if (!monotonic && first !== undefined) {
    const offset = Number.parseInt(jump) * DAY;
    expect(Math.abs(last - first - offset)).toBeLessThan(DAY / 2); // It has seen it.
  }
  return took;
}

/** More than there is time for, and so enough to tell who goes by the wrong clock. */
const LATE = 4000;

it("the time of day is set a day ahead or back: nothing comes early, and nothing late", async () => {
  const trials = ALL.flatMap((each) => ["+1d", "-1d"].map((jump) => ({ each, jump })));
  await Promise.all(
    trials.map(async ({ each, jump }) => {
      expect(await wait(each, { jump })).toBeGreaterThanOrEqual((each.fixed ?? 2) * 1000);
    }),
  );
});

it("negative control: by a clock that is set a day back, nothing comes", async () => {
  const trials = ALL.map((each) => wait(each, { jump: "-1d", monotonic: true, deadline: LATE }));
  for (const { status } of await Promise.allSettled(trials)) expect(status).toBe("rejected");
});

it("negative control: by a clock that is set a day ahead, all comes at once", async () => {
  const trials = ALL.filter(({ fixed }) => fixed === undefined);
  await Promise.all(
    trials.map(async (each) => {
      const took = await wait(each, { jump: "+1d", monotonic: true, seconds: 15 });
      expect(took).toBeLessThan(15_000);
    }),
  );
});

asRoot(
  "a second after its start, or ten years, the monotonic clock is as good as any",
  async () => {
    const uptime = Math.floor(Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]));
    const trial = async (offset: number) => {
      const prefix = ["unshare", "--time", `--monotonic=${offset}`, `--boottime=${offset}`];
      await using parked = await Running.start({ prefix, init: false });
      const theirs = readlinkSync(`/proc/${parked.pid}/ns/time`);
      expect(theirs).not.toBe(readlinkSync("/proc/self/ns/time"));
      expect((await parked.stop()).code).toBe(0);

      const command = ["perl", "-e", EXEC_WITH_CHILD, PAUSE, "--watch"];
      await using watching = await Running.start({ prefix, command, init: false });
      for (const pid of watching.childPids()) process.kill(pid, "SIGKILL");
      await watching.childrenGone();
      await until("it gives back", () => 2 * watching.field("VmRSS") < watching.field("VmHWM"));
      watching.kill("SIGUSR1");
      expect((await watching.stop()).stderr).toMatch(/^Up \d+s, /m);

      const deaf = ["sh", "-c", `trap "" TERM; kill -TERM $PPID; while :; do sleep 1; done`];
      const begin = performance.now();
      const killing = { prefix, command: [PAUSE, "--kill-after=1", "--", ...deaf], init: false };
      await using running = await Running.spawn(killing);
      expect((await running.ended()).code).toBe(128 + Signal.SIGKILL);
      expect(performance.now() - begin).toBeGreaterThanOrEqual(1000);
    };
    await Promise.all([1 - uptime, 10 * 365 * 86_400].map(trial));
  },
);
