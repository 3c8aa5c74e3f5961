// How pause stops, and what does not stop it.

import { expect, test } from "bun:test";

import { Signal } from "../../src/libc/abi.ts";
import { PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { BURST, EXEC_IGNORING, SIGNAL_INIT } from "../support/perl.ts";
import { Running } from "../support/process.ts";

const it = needing("namespaces", "perl");
const WARNING = "Warning: pause should be the first process\n";

for (const [signal, name] of [
  ["SIGTERM", "Terminated"],
  ["SIGINT", "Interrupt"],
] as const) {
  it(`PID 1: ${signal} from outside ends it with 0, and the line says so`, async () => {
    await using pause = await Running.start();
    expect(await pause.stop(signal)).toEqual({
      code: 0,
      stdout: "",
      stderr: `Shutting down, got signal: ${name} (sent from outside this PID namespace)\n`,
    });
  });

  it(`PID 1: ${signal} from inside ends it with 0, and the line names the sender`, async () => {
    await using pause = await Running.start();
    const sender = await pause.perl(SIGNAL_INIT, signal.slice(3)).catch(() => "");
    const { code, stderr } = await pause.ended();
    expect(code).toBe(0);
    expect(stderr).toMatch(
      new RegExp(
        `^Shutting down, got signal: ${name} \\(sent by pid ${sender || "\\d+"}, uid 0\\)\n$`,
      ),
    );
  });

  test(`not PID 1: it warns, ${signal} ends it with 0, and the line names the sender`, async () => {
    await using pause = await Running.start({ init: false });
    const sender = `(sent by pid ${process.pid}, uid ${process.getuid?.()})`;
    expect(await pause.stop(signal)).toEqual({
      code: 0,
      stdout: "",
      stderr: `${WARNING}Shutting down, got signal: ${name} ${sender}\n`,
    });
  });
}

it("every other signal from inside leaves PID 1 alive and reaping", async () => {
  const stopping = ["SIGINT", "SIGTERM", "SIGKILL", "SIGSTOP"];
  const names = Object.keys(Signal).filter((name) => !stopping.includes(name));
  expect(names).toHaveLength(27);
  await using pause = await Running.start();
  for (const name of names) await pause.perl(SIGNAL_INIT, name.slice(3));
  await pause.perl(BURST, 10);
  await pause.childrenGone();
  expect((await pause.stop()).code).toBe(0);
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
    'Warning: Unknown argument "bogus"',
    'Warning: Unknown argument "-x"',
    'Warning: Unknown argument "-\\u001b"',
  ]);
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
