// What pause prints and exits with when it is asked something.

import { expect, test } from "bun:test";

import packageJson from "../../package.json" with { type: "json" };
import { PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";

const VERSION = `pause.ts v${packageJson.version}\n`;

function run(args: readonly string[], prefix: readonly string[] = [], env = process.env) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...prefix, PAUSE, ...args], {
    env,
    timeout: 20_000,
  });
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

test.each([
  [["-v"]],
  [["-V"]],
  [["--version"]],
  [["first", "--bogus", "-v"]],
  [["-v", "last"]],
  [["--help", "--version"]],
  [["-xv"]],
])("%j prints the version on stdout and exits 0, before any warning", (args) => {
  expect(run(args)).toEqual({ code: 0, stdout: VERSION, stderr: "" });
});

test.each([[["-h"]], [["--help"]], [["bogus", "-h"]]])(
  "%j prints the usage and exits 0",
  (args) => {
    const { code, stdout, stderr } = run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toStartWith("Usage: pause [option]...\n       pause [option]... -- COMMAND");
    expect(stdout).toContain("\n  42   ");
  },
);

needing("setpriv")(
  "the version is printed under a user without a name, as kubeadm's job does",
  () => {
    const prefix =
      process.getuid?.() === 0 ? ["setpriv", "--reuid=999", "--regid=999", "--clear-groups"] : [];
    expect(run(["-v"], prefix, {})).toEqual({ code: 0, stdout: VERSION, stderr: "" });
  },
);

test("an answer that stdout does not take is an error", () => {
  expect(run(["-v"], ["sh", "-c", 'exec "$@" >/dev/full', "sh"])).toEqual({
    code: 1,
    stdout: "",
    stderr: "Error: Cannot write to stdout: write failed with ENOSPC\n",
  });
});

test("where libc cannot be called it exits 1 and says why", () => {
  // Not enough address space for the thunks.
  const { code, stderr } = run([], ["sh", "-c", 'ulimit -v 1000000; exec "$@"', "sh"]);
  expect(code).toBe(1);
  expect(stderr).toStartWith(
    "Error: Cannot block signals: Cannot call libc: bun:ffi requires the JIT",
  );
  expect(stderr.split("\n")).toHaveLength(2);
});
