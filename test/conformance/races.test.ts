// That no signal is lost, whenever it comes.

import { expect } from "bun:test";

import { fixture, PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { EXEC_WITH_CHILD, FAREWELL } from "../support/perl.ts";
import { Running } from "../support/process.ts";
import { until } from "../support/until.ts";

const it = needing("namespaces", "perl", "strace");

/** Trials at a time: more than there are cores, so that timing varies. */
const LANES = 4;

/** Deadline for a trial of the control, in milliseconds: a hang has to be told, not proved. */
const HANG = 3000;

/** Makes each waitpid take 20 ms longer, as on a machine that is busy with something else. */
const SLOW_REAPING = ["-o/dev/null", "-etrace=wait4", "-einject=wait4:delay_exit=20000"];

/**
 * One SIGTERM, at a step of 50, and whether it ended the process within the deadline.
 * The kinds of trial take turns; what is the same for all is that nothing comes after the SIGTERM
 * that could make up for its loss.
 */
async function trial(
  command: readonly string[],
  index: number,
  deadline?: number,
): Promise<boolean> {
  const step = Math.floor(index / TRIALS.length) % 50;
  await using pause = await TRIALS[index % TRIALS.length]!(command, step);
  try {
    return (await pause.ended(deadline)).code === 0;
  } catch {
    return false;
  }
}

const TRIALS: readonly ((command: readonly string[], step: number) => Promise<Running>)[] = [
  async function toPid1(command, step) {
    const pause = await Running.start({ command });
    await Bun.sleep(step);
    pause.kill("SIGTERM");
    return pause;
  },
  async function toAnOrdinaryProcess(command, step) {
    const pause = await Running.start({ command, init: false });
    await Bun.sleep(step);
    pause.kill("SIGTERM");
    return pause;
  },
  async function toPid1InAStormOfExits(command, step) {
    const pause = await Running.start({ command });
    await pause.perl(FAREWELL, 20, step * 100).catch(() => ""); // It ends with its namespace.
    return pause;
  },
  async function whileItReapsSlowly(command, step) {
    const withChild = ["perl", "-e", EXEC_WITH_CHILD, ...command];
    const pause = await Running.start({ command: withChild, strace: SLOW_REAPING });
    for (const child of pause.childPids()) process.kill(child, "SIGKILL");
    await Bun.sleep(step);
    pause.kill("SIGTERM");
    return pause;
  },
];

/** Runs trials until one is lost, and returns how many were not. */
async function trials(
  command: readonly string[],
  count: number,
  deadline?: number,
): Promise<number> {
  let next = 0;
  let stopped = 0;
  const lane = async () => {
    while (next < count && next - stopped <= LANES) {
      if (await trial(command, next++, deadline)) stopped++;
      else return;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return stopped;
}

for (const command of [[PAUSE], [PAUSE, "--watch"]]) {
  const as = command.length > 1 ? "watching" : "parked";
  it(`${as}: SIGTERM at every millisecond of the first 50, and in storms: 300 trials, none hangs`, async () => {
    expect(await trials(command, 300)).toBe(300);
  }, 300_000);
}

it("negative control: the naive program loses a signal in these trials", async () => {
  expect(await trials([await fixture("naive")], 300, HANG)).toBeLessThan(300);
}, 300_000);

for (const init of [true, false]) {
  const role = init ? "PID 1" : "an ordinary process";
  it(`as ${role}: SIGTERM at every 100 µs from armed to parked: 1,000 trials, none is lost`, async () => {
    let next = 0;
    const lane = async () => {
      while (next < 1000) {
        const delay = (next++ % 40) * 0.1;
        await using pause = await Running.spawn({ init });
        const armed = await until("it has blocked the signals", () => pause.armed());
        const end = armed + delay;
        while (performance.now() < end);
        pause.kill("SIGTERM");
        const { code, stderr } = await pause.ended();
        expect({ delay, code }).toEqual({ delay, code: 0 });
        expect(stderr).toEndWith("Shutting down, got signal: Terminated\n");
      }
    };
    await Promise.all(Array.from({ length: 2 }, lane));
  }, 300_000);
}
