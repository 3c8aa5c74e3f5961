// What happens when the kernel refuses a call: strace makes it fail.

import { expect, test } from "bun:test";
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { EXEC_WITH_CHILD } from "../support/perl.ts";
import { injecting, Running } from "../support/process.ts";
import { ON_UNREAD_STDERR } from "../support/terminal.ts";

const it = needing("strace", "perl");

const SHUTTING_DOWN = "Shutting down, got signal: Terminated";
const FLOOR = /^Warning: Cannot wait for signals: sigwaitinfo (failed with [A-Z]+|returned 0); /m;
const KERNEL_REAPS =
  "Warning: Cannot reap orphans: waitid failed with ENOSYS; from now on the kernel reaps them";

/** Starts pause with one child, waiting in JavaScript, under faults. */
function start(...faults: readonly string[]): Promise<Running> {
  const command = ["perl", "-e", EXEC_WITH_CHILD, PAUSE, "--watch"];
  return Running.start({ command, strace: injecting(...faults) });
}

/** Ends the child that it started with, and waits until no zombie is left of it. */
async function endChild(pause: Running): Promise<void> {
  const child = pause.childPids()[0];
  if (child === undefined) throw new Error("It has no child");
  process.kill(child, "SIGKILL");
  await pause.childrenGone();
}

for (const errno of ["EINTR", "EAGAIN", "EINVAL", "ENOSYS"]) {
  it(`sigwaitinfo fails with ${errno} once: nothing happens`, async () => {
    await using pause = await start(`rt_sigtimedwait:error=${errno}:when=1`);
    await endChild(pause);
    const { code, stderr } = await pause.stop();
    expect(code).toBe(0);
    expect(stderr).toContain(SHUTTING_DOWN);
    expect(stderr).not.toMatch(FLOOR);
  });

  it(`sigwaitinfo fails with ${errno} always: the kernel reaps, a signal ends it`, async () => {
    await using pause = await start(`rt_sigtimedwait:error=${errno}`);
    await endChild(pause);
    const { code, stderr } = await pause.stop();
    expect(code).toBe(15);
    expect(stderr).toMatch(FLOOR);
    expect(stderr).not.toContain(SHUTTING_DOWN);
  });
}

it("sigwaitinfo returns what nobody waits for: the kernel reaps, a signal ends it", async () => {
  await using pause = await start("rt_sigtimedwait:retval=0");
  await endChild(pause);
  expect((await pause.stop("SIGINT")).code).toBe(2);
});

it("pause is refused too: it sleeps instead, and does not spin", async () => {
  await using pause = await start("rt_sigtimedwait:error=ENOSYS", "pause,ppoll:error=ENOSYS");
  await endChild(pause);
  const before = pause.cpuTicks();
  await Bun.sleep(1500);
  expect(pause.cpuTicks() - before).toBeLessThan(30);
  expect((await pause.stop()).code).toBe(15);
});

it("no call sleeps: the loop ends with 42, as in pause.c", async () => {
  const refused = "rt_sigtimedwait,pause,ppoll,nanosleep,clock_nanosleep:error=ENOSYS";
  const command = [PAUSE, "--watch"];
  await using pause = await Running.spawn({ command, strace: injecting(refused) });
  const { code, stderr } = await pause.ended();
  expect(code).toBe(42);
  expect(stderr).toContain("Error: infinite loop terminated\n");
});

it("waitpid fails once: nothing happens", async () => {
  await using pause = await start("wait4:error=ENOSYS:when=2");
  await endChild(pause);
  expect((await pause.stop()).stderr).not.toContain("Cannot reap");
});

it("waitpid fails always: it says so once, and the kernel reaps", async () => {
  await using pause = await start("wait4,waitid:error=ENOSYS");
  await endChild(pause);
  for (let count = 0; count < 3; count++) pause.kill("SIGCHLD");
  const { code, stderr } = await pause.stop();
  expect(code).toBe(0);
  expect(stderr.split(KERNEL_REAPS)).toHaveLength(2);
});

it("the signals cannot be blocked: it exits 1", async () => {
  await using pause = await Running.spawn({ strace: injecting("rt_sigprocmask:error=EPERM") });
  const { code, stderr } = await pause.ended();
  expect(code).toBe(1);
  expect(stderr).toContain("Error: Cannot block signals: sigprocmask failed with EPERM\n");
});

it("stderr takes nothing: it stops all the same", async () => {
  for (const fault of ["write:error=EPIPE", "write:error=ENOSPC", "write:error=EINTR"]) {
    await using pause = await start(fault);
    await endChild(pause);
    expect((await pause.stop()).code).toBe(0);
  }
});

test.each([[[PAUSE]], [[PAUSE, "--watch"]]])(
  "%j: a full stderr that nobody reads holds up nothing",
  async (command) => {
    const directory = mkdtempSync(join(tmpdir(), "pause-fifo-"));
    const path = join(directory, "fifo");
    Bun.spawnSync(["mkfifo", path]);
    const filler = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const stderr = openSync(path, constants.O_RDWR); // Blocks, unlike the other.
    try {
      expect(() => {
        for (;;) writeSync(filler, Buffer.alloc(4096));
      }).toThrow("EAGAIN");
      await using pause = await Running.start({ command, init: false, stderr });
      expect((await pause.stop()).code).toBe(0);
    } finally {
      closeSync(filler);
      closeSync(stderr);
      rmSync(directory, { recursive: true });
    }
  },
);

/** More lines than a terminal holds, which is 12 to 20 kB. */
const LINES = 800;

needing("perl")("a terminal that nobody reads holds up nothing", async () => {
  const unread = ["perl", "-e", ON_UNREAD_STDERR];
  for (const command of [
    [PAUSE, "-w"],
    [PAUSE, "--log", "json", "-w"],
    [PAUSE, "-w", "--", "sleep", "1000"],
  ]) {
    await using pause = await Running.start({ command: [...unread, ...command], init: false });
    for (let line = 0; line < LINES; line++) {
      pause.kill("SIGUSR1"); // Each tells how pause is, in a line.
      await Bun.sleep(1);
    }
    const { code } = await pause.stop();
    expect({ command, code }).toEqual({ command, code: command.includes("sleep") ? 143 : 0 });
  }
});

needing("perl")(
  "negative control: a whole line at once is held up by such a terminal",
  async () => {
    const lines = `while (1) { my $v = ""; vec($v, 2, 1) = 1; select(undef, $v, undef, 0) or last;
    syswrite STDERR, ("x" x (100 + rand 300)) . "\\n" } exec "true"`;
    const command = ["perl", "-e", ON_UNREAD_STDERR, "perl", "-e", lines];
    let isHeldUp = false;
    for (let trial = 0; trial < 20 && !isHeldUp; trial++) {
      await using writer = await Running.spawn({ command, init: false });
      isHeldUp = !(await writer.ended(1000).then(
        () => true,
        () => false,
      ));
    }
    expect(isHeldUp).toBe(true);
  },
);
