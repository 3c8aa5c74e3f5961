// That no thread takes a signal away from the one that waits, when threads are older than the block.

import { expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";

import { Signal } from "../../src/libc/abi.ts";
import { maskOf } from "../../src/libc/signals.ts";
import { parseStatus } from "../../src/process/status.ts";
import { fixture } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { Running } from "../support/process.ts";

const it = needing("namespaces");

const WAITED = maskOf(Signal.SIGINT, Signal.SIGTERM, Signal.SIGCHLD);

/** Threads beside the main one, and how many of them have a waited-for signal open. */
function helpers(pid: number): { count: number; open: number } {
  const tasks = readdirSync(`/proc/${pid}/task`).filter((task) => task !== String(pid));
  const open = tasks.filter((task) => {
    const status = parseStatus(readFileSync(`/proc/${pid}/task/${task}/status`, "latin1"));
    return (status.blocked & WAITED) !== WAITED;
  });
  return { count: tasks.length, open: open.length };
}

it("negative control: without the check, helper threads have the signals open", async () => {
  const command = [await fixture("unchecked-threads")];
  await using pause = await Running.start({ command });
  expect(helpers(pause.pid).open).toBeGreaterThan(0);
});

it("it executes itself anew, under the same name, and every thread blocks the signals", async () => {
  const command = [await fixture("early-threads"), "an argument", "", "\u00e4"];
  for (const init of [true, false]) {
    await using pause = await Running.start({ command, init });
    const { count, open } = helpers(pause.pid);
    expect(count).toBeGreaterThan(0);
    expect(open).toBe(0);
    expect(readFileSync(`/proc/${pause.pid}/comm`, "utf8")).toBe("pause\n");
    expect(readFileSync(`/proc/${pause.pid}/cmdline`, "utf8")).toBe(command.join("\0") + "\0");
    expect((await pause.stop()).code).toBe(0);
  }
});

needing("strace")("it does so once", async () => {
  const command = [await fixture("early-threads")];
  await using pause = await Running.start({ command, strace: ["-etrace=execve"] });
  const { code, stderr } = await pause.stop();
  expect(code).toBe(0);
  expect(stderr.match(/execve\(.* = 0$/gm)).toHaveLength(2);
});

needing("strace")("where it cannot, it says so and carries on", async () => {
  const command = [await fixture("early-threads")];
  const strace = ["-o/dev/null", "-etrace=execve", "-einject=execve:error=EACCES"];
  await using pause = await Running.start({ command, strace });
  const { code, stderr } = await pause.stop();
  expect(code).toBe(0);
  expect(stderr).toMatch(/^Warning: Cannot execute ".*pause" anew.*: execv failed with EACCES$/m);
});
