// Awake: how little of it stays in memory while it waits, and that nothing is lost for it.

import { expect } from "bun:test";

import { PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { BURST, STORM } from "../support/perl.ts";
import { Running } from "../support/process.ts";
import { until } from "../support/until.ts";

const it = needing("namespaces", "perl");

/** What a process that was started and has rested may have in memory, in kB. */
const LIGHT = 6144;

async function light(pause: Running): Promise<void> {
  await until("it has given back what it does not need", () => pause.field("VmRSS") <= LIGHT);
}

it("watching: it gives back what start-up read, and is light", async () => {
  await using pause = await Running.start({ command: [PAUSE, "--watch"] });
  await light(pause);
  expect(pause.field("VmHWM")).toBeGreaterThan(2 * LIGHT); // It was not so all along.
});

it("watching: after a storm, and a report, it is light again, and then wakes no more", async () => {
  await using pause = await Running.start({ command: [PAUSE, "--watch"] });
  await light(pause);
  await pause.perl(STORM, 1000);
  await pause.perl(BURST, 1000);
  await pause.childrenGone();
  await light(pause);
  pause.kill("SIGUSR1");
  let switches = -1;
  await until("it has not woken for twice as long as it waits until it gives back", async () => {
    const before = switches;
    await Bun.sleep(2000);
    switches = pause.field("voluntary_ctxt_switches");
    return switches === before;
  });
  expect(pause.field("VmRSS")).toBeLessThanOrEqual(LIGHT);
  expect((await pause.stop()).stderr).toContain("2000 orphans reaped");
});

it("with a command: after the first orphans it is light too, and still forwards", async () => {
  const sleep = ["/bin/sleep", "1000"];
  await using pause = await Running.spawn({ command: [PAUSE, "--", ...sleep] });
  await until("the command runs", () => pause.children() === 1);
  await pause.perl(STORM, 10);
  await light(pause);
  expect((await pause.stop()).code).toBe(128 + 15);
});

it("stopped and continued again and again, it needs no more memory than before", async () => {
  for (const args of [["--watch"], ["--", "sleep", "1000"]]) {
    await using pause = await Running.start({ command: [PAUSE, ...args] });
    const stop = async () => {
      pause.kill("SIGSTOP");
      await until("it is stopped", () => pause.stat().state === "T");
      pause.kill("SIGCONT");
      await until("it sleeps", () => pause.stat().state === "S");
    };
    for (let each = 0; each < 10; each++) await stop();
    const before = pause.field("RssAnon");
    for (let each = 0; each < 200; each++) await stop();
    expect(pause.field("RssAnon") - before).toBeLessThan(64); // An exception each: over 400.
  }
});

it("watching: a SIGALRM from anybody does nothing else", async () => {
  await using pause = await Running.start({ command: [PAUSE, "--watch"] });
  for (let each = 0; each < 100; each++) pause.kill("SIGALRM");
  await pause.perl(STORM, 10);
  await pause.childrenGone();
  expect((await pause.stop()).code).toBe(0);
});
