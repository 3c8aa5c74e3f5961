// A crash of the runtime says what happened and who to tell, and sends nothing.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";

import { lockedRuntime, closeRuntime } from "../../tools/runtime.ts";
import { fixture, PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { plain } from "../support/plain.ts";

const OURS =
  /^panic\(main thread\): Segmentation fault at address 0x8\noh no: pause has crashed: no \/proc or memory, or a fault of its own\n\nIf it has both, report this to whoever made this pause, with all\nthe lines above and the trace:\n\n trace of the crash\/\S+\n$/m;
const ADDRESS = /https?:|www\.|bun\.(?:report|sh|com)|github/i;

function stderrOf(...command: readonly string[]): string {
  return Bun.spawnSync([...command], { timeout: 20_000, stdout: "ignore" }).stderr.toString();
}

test("a segmentation fault is told without an address to send data to", async () => {
  expect(stderrOf(await plain("test/fixtures/crash.ts"))).toMatch(ADDRESS);
  const stderr = stderrOf(await fixture("crash"));
  expect(stderr).toMatch(OURS);
  expect(stderr).not.toMatch(ADDRESS);
});

test("so is too little memory to start in", () => {
  const stderr = stderrOf("sh", "-c", 'ulimit -v 200000; exec "$0"', PAUSE);
  expect(stderr).toContain("oh no: pause has crashed");
  expect(stderr).not.toMatch(ADDRESS);
});

needing("strace")(
  "nothing is executed and nobody connected to, even if a variable says so",
  async () => {
    const env = ["env", "BUN_CRASH_REPORT_URL=http://127.0.0.1:9", "BUN_ENABLE_CRASH_REPORTING=1"];
    const trace = ["strace", "-f", "-qq", "-etrace=execve,fork,vfork,socket,connect"];
    const calls = (executable: string) =>
      stderrOf(...env, ...trace, executable).match(/(?:execve|v?fork|socket|connect)\(/g)?.length;
    expect(calls(await plain("test/fixtures/crash.ts"))).toBeGreaterThan(1);
    expect(calls(await fixture("crash"))).toBe(1); // strace's own execve of it.
  },
);

test("no text of the runtime's asks for reports to somebody else", async () => {
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  const elsewhere = ["https://bun.report", "crash report to Bun's team"];
  const locked = readFileSync(lockedRuntime(arch));
  const closed = readFileSync(await closeRuntime(lockedRuntime(arch), arch));
  for (const text of elsewhere) {
    expect(locked.includes(text)).toBe(true);
    expect(closed.includes(text)).toBe(false);
  }
});
