// pause for the other architecture, in what its image consists of and nothing else, under qemu.

import { afterAll, expect } from "bun:test";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { build, rootfs } from "../../build.ts";
import packageJson from "../../package.json" with { type: "json" };
import { installRuntime } from "../../tools/install-runtime.ts";
import { FOREIGN, needing, QEMU } from "../support/needs.ts";
import { BURST, DEAF_INIT } from "../support/perl.ts";
import { Running } from "../support/process.ts";
import { until } from "../support/until.ts";

const scratch = mkdtempSync(join(tmpdir(), "pause-foreign-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Starts it in the root directory of its image, to which only qemu and /proc are added. */
async function start(...args: readonly string[]): Promise<Running> {
  await installRuntime(FOREIGN);
  await build(FOREIGN);
  const directory = join(scratch, "root");
  cpSync(rootfs(FOREIGN), directory, { recursive: true });
  copyFileSync(Bun.which(QEMU) ?? "", join(directory, "qemu"));
  mkdirSync(join(directory, "proc"), { recursive: true });
  const enter = 'mount -t proc proc "$0/proc" && exec chroot "$0" /qemu -0 /pause "$@"';
  return Running.spawn({ prefix: ["sh", "-c", enter, directory], command: ["/pause", ...args] });
}

const it = needing("root", "perl", "qemu", "foreign libraries");

it(`${FOREIGN}: -v prints the version`, async () => {
  await using running = await start("-v");
  const { code, stdout, stderr } = await running.ended();
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: `pause.ts v${packageJson.version}\n`,
    stderr: "",
  });
});

it(`${FOREIGN}: as PID 1 it reaps orphans, and stops on TERM with 0`, async () => {
  await using running = await start();
  await running.perl(BURST, 20);
  // Reaping is what it does after the signals are blocked, so a TERM is not too early then.
  await running.childrenGone();
  await running.perl(BURST, 20);
  await running.childrenGone();
  const { code, stderr } = await running.stop();
  expect({ code, stderr }).toEqual({ code: 0, stderr: "Shutting down, got signal: Terminated\n" });
});

it("the orphans stay zombies under an init that does not reap (negative control)", async () => {
  await using running = await Running.spawn({ command: ["perl", "-e", DEAF_INIT] });
  await running.perl(BURST, 20);
  await until("all are zombies", () => running.children("Z") === 20);
});
