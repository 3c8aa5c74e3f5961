// That no zombie is left.

import { expect } from "bun:test";

import { PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { BURST, DEAF_INIT, EXEC_WITH_ZOMBIE, STOPPED_ORPHAN, STORM } from "../support/perl.ts";
import { Running } from "../support/process.ts";
import { until } from "../support/until.ts";

const it = needing("namespaces", "perl");

it("negative control: under an init that does not reap, these tests see zombies", async () => {
  await using deaf = await Running.spawn({ command: ["perl", "-e", DEAF_INIT] });
  await until("perl runs", () => deaf.stat().name === "perl" && deaf.stat().state === "S");
  await deaf.perl(BURST, 10);
  await deaf.perl(STORM, 10);
  await until("20 zombies are left", () => deaf.children("Z") === 20);
});

for (const command of [[PAUSE], [PAUSE, "--watch"]]) {
  const as = command.length > 1 ? "watching" : "parked";

  it(`${as}: an orphan by double fork is reaped when it ends`, async () => {
    await using pause = await Running.start({ command });
    await pause.perl(STORM, 1);
    await pause.childrenGone();
  });

  it(`${as}: 10,000 orphans in a burst are reaped, by one thread`, async () => {
    await using pause = await Running.start({ command });
    await pause.perl(BURST, 10_000);
    await pause.childrenGone();
    expect(pause.status().threads).toBe(1);
    expect((await pause.stop()).code).toBe(0);
  });

  it(`${as}: 10,000 orphans one after the other are reaped, by one thread`, async () => {
    await using pause = await Running.start({ command });
    await pause.perl(STORM, 10_000);
    await pause.childrenGone();
    expect(pause.status().threads).toBe(1);
    expect((await pause.stop()).code).toBe(0);
  });

  it(`${as}: a zombie that is older than the process is reaped`, async () => {
    const zombie = ["perl", "-e", EXEC_WITH_ZOMBIE, ...command];
    await using pause = await Running.start({ command: zombie });
    await pause.childrenGone();
  });

  it(`${as}: a stopped child is left alone, and reaped when it ends`, async () => {
    await using pause = await Running.start({ command });
    await pause.perl(STOPPED_ORPHAN);
    await until("the orphan has stopped", () => pause.children("T") === 1);
    await pause.perl(STORM, 1);
    await until("the other orphan is gone", () => pause.children() === 1);
    expect(pause.children("T")).toBe(1);
    await pause.inside("sh", "-c", "kill -CONT -1");
    await pause.childrenGone();
  });

  it(`${as}: after SIGSTOP and SIGCONT it still reaps and stops`, async () => {
    await using pause = await Running.start({ command });
    pause.kill("SIGSTOP");
    await until("it is stopped", () => pause.stat().state === "T");
    await pause.perl(BURST, 10);
    pause.kill("SIGCONT");
    await pause.childrenGone();
    expect((await pause.stop()).code).toBe(0);
  });
}

it("watching: in a storm children are let gather and reaped together", async () => {
  await using pause = await Running.start({ command: [PAUSE, "--watch"] });
  const switches = () => pause.field("voluntary_ctxt_switches");
  let fewest = Number.POSITIVE_INFINITY;
  // On a machine under load they may come too slowly to be a storm; then again.
  for (let attempt = 0; attempt < 5 && fewest >= 1500; attempt++) {
    const before = switches();
    await pause.perl(STORM, 2000);
    await pause.childrenGone();
    fewest = Math.min(fewest, switches() - before);
  }
  expect(fewest).toBeLessThan(1500); // Without, one for nearly each.
});
