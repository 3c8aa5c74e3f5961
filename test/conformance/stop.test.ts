// How pause stops, and what does not stop it.

import { expect, test } from "bun:test";

import { Signal } from "../../src/libc/abi.ts";
import { PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { BURST, EXEC_IGNORING, SIGNAL_INIT } from "../support/perl.ts";
import { Running } from "../support/process.ts";

const it = needing("namespaces", "perl");
const WARNING = "Warning: pause should be the first process\n";

/** Both ways to wait: parked in libc, which is the default, and in JavaScript. */
const MODES: readonly string[][] = [[PAUSE], [PAUSE, "--watch"]];

for (const command of MODES) {
  const watch = command.length > 1;
  const as = watch ? "watching" : "parked";
  const line = (name: string, sender: string) =>
    `Shutting down, got signal: ${name}${watch ? ` (${sender})` : ""}\n`;

  for (const [signal, name] of [
    ["SIGTERM", "Terminated"],
    ["SIGINT", "Interrupt"],
  ] as const) {
    it(`${as}, PID 1: ${signal} from outside ends it with 0, and the line says so`, async () => {
      await using pause = await Running.start({ command });
      const stderr = line(name, "sent from outside this PID namespace");
      expect(await pause.stop(signal)).toEqual({ code: 0, stdout: "", stderr });
    });

    it(`${as}, PID 1: ${signal} from inside ends it with 0, and the line says so`, async () => {
      await using pause = await Running.start({ command });
      const sender = await pause.perl(SIGNAL_INIT, signal.slice(3)).catch(() => "");
      const { code, stderr } = await pause.ended();
      const pid = sender || /pid (\d+)/.exec(stderr)?.[1];
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: line(name, `sent by pid ${pid}, uid 0`),
      });
    });

    test(`${as}, not PID 1: it warns, ${signal} ends it with 0, and the line says so`, async () => {
      await using pause = await Running.start({ command, init: false });
      const sender = `sent by pid ${process.pid}, uid ${process.getuid?.()}`;
      const stderr = `${WARNING}${line(name, sender)}`;
      expect(await pause.stop(signal)).toEqual({ code: 0, stdout: "", stderr });
    });
  }

  it(`${as}: every other signal, from inside and outside, leaves PID 1 alive and reaping`, async () => {
    const stopping = ["SIGINT", "SIGTERM", "SIGKILL", "SIGSTOP"];
    const others = Object.entries(Signal).filter(([name]) => !stopping.includes(name));
    expect(others).toHaveLength(27);
    await using pause = await Running.start({ command });
    for (const [name, number] of others) {
      await pause.perl(SIGNAL_INIT, name.slice(3));
      pause.kill(number);
    }
    await pause.perl(BURST, 10);
    await pause.childrenGone();
    expect((await pause.stop()).code).toBe(0);
  });
}

test("parked, not PID 1: any other signal does what it does to pause.c, or less", async () => {
  const ignored = ["SIGALRM", "SIGPIPE", "SIGXFSZ", "SIGCHLD", "SIGURG", "SIGWINCH", "SIGCONT"];
  const stopping = ["SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU"];
  for (const [name, number] of Object.entries(Signal)) {
    if (stopping.includes(name)) continue;
    await using pause = await Running.start({ init: false });
    pause.kill(number);
    if (ignored.includes(name)) pause.kill("SIGTERM");
    const stops = ["SIGINT", "SIGTERM", ...ignored].includes(name);
    expect({ name, code: (await pause.ended()).code }).toEqual({
      name,
      code: stops ? 0 : 128 + number,
    });
  }
});

it("1,000 SIGCHLD without a child do no harm", async () => {
  await using pause = await Running.start();
  await pause.perl(SIGNAL_INIT, "CHLD", 1000);
  expect((await pause.stop()).code).toBe(0);
});

test("a signal that was ignored when it started stops it all the same", async () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const command = ["perl", "-e", EXEC_IGNORING, "INT", "TERM", "CHLD", "--", PAUSE];
    await using pause = await Running.start({ init: false, command });
    expect((await pause.stop(signal)).code).toBe(0);
  }
});

test("unknown arguments get a warning each, and it carries on", async () => {
  const command = [PAUSE, "--hepl", "bogus", "-x\u001b[31m"];
  await using pause = await Running.start({ init: false, command });
  const { code, stderr } = await pause.stop();
  expect(code).toBe(0);
  expect(stderr.split("\n").slice(0, 4)).toEqual([
    'Warning: Unknown argument "--hepl"; did you mean "--help"?',
    'Warning: Unknown argument "bogus"; a command comes after "--"',
    'Warning: Unknown argument "-x"; see "pause --help"',
    'Warning: Unknown argument "-\\u001b"; see "pause --help"',
  ]);
});

test("PAUSE_WATCH does what --watch does, and what it cannot mean gets a warning", async () => {
  for (const [value, watches] of [
    ["1", true],
    ["yes", true],
    ["0", false],
    ["maybe", false],
  ] as const) {
    await using pause = await Running.start({ init: false, env: { PAUSE_WATCH: value } });
    const { code, stderr } = await pause.stop();
    expect(code).toBe(0);
    expect(stderr.includes("sent by pid")).toBe(watches);
    expect(stderr.includes('Warning: Variable PAUSE_WATCH takes yes or no: "maybe"')).toBe(
      value === "maybe",
    );
  }
});

it("it needs no environment, no stdin, stdout or stderr, and no writable root", async () => {
  const closed = ["sh", "-c", 'mount -o remount,bind,ro / && exec "$@" <&- >&- 2>&-', "sh"];
  await using pause = await Running.start({ prefix: [...closed, "env", "-i"] });
  await pause.perl(BURST, 10);
  await pause.childrenGone();
  expect(await pause.stop()).toEqual({ code: 0, stdout: "", stderr: "" });
});

for (const uid of [0, 999, 65535, 1000680000]) {
  needing(
    "root",
    "setpriv",
    "perl",
  )(`it runs as UID ${uid} without a capability`, async () => {
    const user = [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--no-new-privs"];
    const caps = ["--bounding-set=-all", "--inh-caps=-all"];
    await using pause = await Running.start({ prefix: ["setpriv", ...user, ...caps], env: {} });
    await pause.perl(BURST, 10);
    await pause.childrenGone();
    expect((await pause.stop()).code).toBe(0);
  });
}
