// Every system call of a life, from execve to the end, against the committed list.

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { HOLDING, PROFILE, RUNNING, seccompProfile } from "../../tools/seccomp.ts";
import { fixture, PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { EXEC_WITH_CHILD } from "../support/perl.ts";
import { Running } from "../support/process.ts";
import { NEVER, until } from "../support/until.ts";

const it = needing("strace", "perl");
const directory = mkdtempSync(join(tmpdir(), "pause-calls-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** A life: a child that it inherits ends, and so does it. */
async function traceLife(...command: readonly string[]): Promise<string[]> {
  const file = join(directory, "trace");
  const strace = [`-o${file}`, "-s256"];
  await using pause = await Running.start({
    command: ["perl", "-e", EXEC_WITH_CHILD, ...command],
    strace,
  });
  const child = pause.childPids()[0] ?? 0;
  process.kill(child, "SIGKILL");
  await pause.childrenGone();
  expect((await pause.stop()).code).toBe(0);
  const lines = readFileSync(file, "utf8").split("\n");
  // From its own execve on; and not what the child does, which is perl.
  const start = lines.findIndex((line) => line.includes(`execve("${command[0]}"`));
  expect(start).toBeGreaterThan(0);
  return lines.slice(start).filter((line) => Number.parseInt(line) !== child);
}

/** The names of the calls, each once. */
function namesIn(lines: readonly string[]): Set<string> {
  const names = lines.map((line) => /^\d+ +(?:<\.\.\. )?([a-z_0-9]+)[( ]/.exec(line)?.[1]);
  return new Set(names.filter((name) => name !== undefined));
}

const listed = new Set(HOLDING.flatMap(({ names }) => names));

it("each call is on the list, and nothing on it is made up", async () => {
  const lives = [
    await traceLife(PAUSE),
    await traceLife(PAUSE, "--watch"),
    await traceLife(PAUSE, "--explain", "unknown"),
    await traceLife(await fixture("early-threads")),
    await traceLife(await fixture("late-threads")),
  ];
  const seen = new Set(lives.flatMap((life) => [...namesIn(life)]));
  expect([...seen].filter((name) => !listed.has(name))).toEqual([]);
  if (process.arch !== "x64") return;
  const always = HOLDING.filter((calls) => calls.always).flatMap(({ names }) => names);
  expect(always.filter((name) => !seen.has(name))).toEqual([]);
});

it("with a command: each call up to the command's own execve is on the lists", async () => {
  const file = join(directory, "running");
  // An orphan, which --drain ends; and a signal that is forwarded ends the command.
  const command = [PAUSE, "--drain", "5", "--", "sh", "-c", "(sleep 1000 &); exec sleep 1000"];
  await using pause = await Running.start({ command, strace: [`-o${file}`, "-s256"] });
  await until("both sleep", () => pause.names().join() === "sleep,sleep", 3 * NEVER);
  await Bun.sleep(1500); // Then it gives back what it only read.
  expect((await pause.stop()).code).toBe(143);

  const lines = readFileSync(file, "utf8").split("\n");
  const own = lines.filter((line) => Number.parseInt(line) === pause.pid);
  const child = Number(/parent_tid=\[(\d+)\]/.exec(own.join("\n"))?.[1]);
  const ofChild = lines.filter((line) => Number.parseInt(line) === child);
  const executed = ofChild.findIndex((line) => line.includes("execve("));
  expect(executed).toBeGreaterThan(0);
  const seen = namesIn([...own, ...ofChild.slice(0, executed + 1)]);
  const lists = new Set([...listed, ...RUNNING.flatMap(({ names }) => names)]);
  expect([...seen].filter((name) => !lists.has(name))).toEqual([]);
  expect(namesIn(ofChild)).toContain("brk"); // Negative control: what sh makes is told apart.
  if (process.arch !== "x64") return;
  const always = RUNNING.filter((calls) => calls.always).flatMap(({ names }) => names);
  expect(always.filter((name) => !seen.has(name))).toEqual([]);
});

it("no file is opened for writing, no socket, and nothing executed but itself", async () => {
  for (const args of [[], ["--watch"], ["unknown"]]) {
    const life = await traceLife(PAUSE, ...args);
    const made = (call: RegExp) => life.filter((line) => call.test(line));
    expect(made(/\bopen(?:at2?)?\(/).length).toBeGreaterThan(10);
    expect(made(/\bopen.*\bO_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)\b/)).toEqual([]);
    expect(made(/\b(?:creat|socket|socketpair|connect|bind|listen|memfd_create)\(/)).toEqual([]);
    expect(made(/\bexecve(?:at)?\(/)).toHaveLength(1);
  }
});

it("negative control: a program that does such things is seen to", async () => {
  const program = `open my $f, ">", "${directory}/file"; socket my $s, 1, 1, 0; exec "true"`;
  const file = join(directory, "control");
  Bun.spawnSync(["strace", "-f", "-qq", `-o${file}`, "perl", "-e", program]);
  const text = readFileSync(file, "utf8");
  expect(text).toMatch(/\bopenat\(.*O_WRONLY\|O_CREAT/);
  expect(text).toMatch(/\bsocket\(/);
  expect(text.match(/\bexecve\(/g)?.length).toBeGreaterThan(1);
  expect([...namesIn(text.split("\n"))].filter((name) => !listed.has(name))).toContain("socket");
});

test("the profile is made of the list; if not: bun tools/seccomp.ts and npm run fmt", async () => {
  expect(await Bun.file(PROFILE).json()).toEqual(seccompProfile());
  const [rule] = seccompProfile().syscalls;
  for (const name of ["socket", "ptrace", "mount", "bpf", "unlink", "fork", "setns"]) {
    expect(rule?.names).not.toContain(name);
  }
});
