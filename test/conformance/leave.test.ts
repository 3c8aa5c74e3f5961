// What a command leaves behind: orphans, which are reaped, counted, told of, and drained.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";

import { PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { BURST, STOPPED_ORPHAN, STORM } from "../support/perl.ts";
import { Running, runPause } from "../support/process.ts";
import { NEVER, until } from "../support/until.ts";

const it = needing("perl");

/** After a Perl program, the command sleeps, so that what the program left is looked at. */
function leaving(program: string, ...args: readonly string[]): string[] {
  return ["sh", "-c", 'perl -e "$@"; exec sleep 1000', "sh", program, ...args];
}

const ORPHAN = `use POSIX ();
  if (fork == 0) { fork ? POSIX::_exit(0) : exec qw(sleep 1000) }
  wait;
  exec qw(sleep 1000);
`;

it("it gets the orphans of its command; negative control: who is no subreaper does not", async () => {
  await using pause = await Running.spawn({
    command: [PAUSE, "--", "perl", "-e", ORPHAN],
    init: false,
  });
  await until("both sleep", () => pause.names().join() === "sleep,sleep");
  for (const pid of pause.childPids()) process.kill(pid, "SIGKILL");

  const { variable, processes } = marked();
  const shell = ["env", variable, "sh", "-c", 'perl -e "$@" & wait', "sh", ORPHAN];
  await using other = await Running.spawn({ command: shell, init: false });
  await until("its child sleeps", () => other.names().join() === "sleep");
  for (const pid of processes()) process.kill(pid, "SIGKILL"); // The orphan is somebody else's.
});

for (const init of [true, false]) {
  const role = init ? "PID 1" : "a subreaper";
  it(`${role}: a burst of 5,000 orphans and 2,000 in a row leave no zombie`, async () => {
    const both = `${BURST}; @ARGV = ($ARGV[1]); ${STORM}`;
    const command = [PAUSE, "--", ...leaving(both, "5000", "2000")];
    await using pause = await Running.start({ command, init });
    await pause.settled("sleep", 3 * NEVER); // Thousands of forks take their time.
    expect(pause.status().threads).toBe(1);
    pause.kill("SIGUSR1");
    await until("it says how it is", () => pause.stderr.includes("\n"));
    expect(pause.stderr).toContain(", 7000 orphans reaped, ");
    expect((await pause.stop()).code).toBe(143);
  });
}

it("a storm of orphans and of signals at once: all are reaped, all are forwarded", async () => {
  const command = [PAUSE, "--", ...leaving(STORM, "3000")];
  await using pause = await Running.start({ command, init: true });
  while (!pause.names().includes("sleep")) {
    for (let sent = 0; sent < 1000; sent++) pause.kill("SIGWINCH"); // Ignored by default.
    await Bun.sleep(0);
  }
  await pause.settled("sleep", 3 * NEVER);
  expect((await pause.stop()).code).toBe(143);
});

it("an orphan that stops is left alone, and not taken for the command", async () => {
  const command = [PAUSE, "--", ...leaving(STOPPED_ORPHAN)];
  await using pause = await Running.start({ command });
  await until("the orphan is stopped", () => pause.children("T") === 1);
  expect(pause.hasEnded()).toBe(false);
  for (const pid of pause.childPids("T")) process.kill(pid, "SIGCONT");
  await pause.settled("sleep");
});

test("a command that stops is not taken for one that has ended", async () => {
  await using pause = await Running.start({ command: [PAUSE, "--", "sleep", "1000"], init: false });
  await pause.settled("sleep");
  const [child = 0] = pause.childPids();
  process.kill(child, "SIGSTOP");
  await until("it is stopped", () => pause.children("T") === 1);
  process.kill(child, "SIGCONT");
  await until("it goes on", () => pause.children("S") === 1);
  expect((await pause.stop()).code).toBe(143);
});

/** A variable for processes to inherit, and those that have it, whoever their parent is by now. */
function marked(): { variable: string; processes: () => number[] } {
  const variable = `TEST_MARK=${process.pid}-${performance.now()}`;
  const hasIt = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(variable);
    } catch {
      return false; // Not a process, or it has ended.
    }
  };
  return { variable, processes: () => readdirSync("/proc").filter(hasIt).map(Number) };
}

const LEAVES_TWO = `trap "" TERM; (trap - TERM; exec sleep 1000) & sleep 1000 & exit 5`;

test("without --drain what is left lives on, with it all are told to end, then made to", async () => {
  for (const init of [true, false]) {
    const command = [PAUSE, "--drain", "0.3", "--", "sh", "-c", LEAVES_TWO];
    await using pause = await Running.spawn({ command, init });
    expect(await pause.ended()).toEqual({ code: 5, stdout: "", stderr: "" });
  }
  const left = await runPause("--", "sh", "-c", "sleep 1000 >&- 2>&- & echo $!; exit 5");
  const pid = Number(left.stdout);
  process.kill(pid, 0);
  process.kill(pid, "SIGKILL");
});

test("--drain ends a tree of processes, stopped ones too, and none is left", async () => {
  const tree = `sh -c 'sh -c "trap : TERM; sleep 1000; sleep 1000" & sleep 1000 & wait' >&- 2>&- &
    sleep 1000 >&- 2>&- & kill -STOP $!; sleep 0.1; exit 6`;
  const { variable, processes } = marked();
  const command = [PAUSE, "--drain", "0.5", "--", "sh", "-c", tree];
  await using pause = await Running.spawn({ command: ["env", variable, ...command], init: false });
  expect(await pause.ended()).toEqual({ code: 6, stdout: "", stderr: "" });
  expect(processes()).toEqual([]);
});

test("--drain with nothing left ends at once; a second SIGTERM cuts it short", async () => {
  expect((await runPause("--drain", "1000", "--", "sh", "-c", "exit 7")).code).toBe(7);
  const command = [PAUSE, "--drain", "1000", "--", "sh", "-c", `trap "" TERM; sleep 1000 & exit 8`];
  await using pause = await Running.spawn({ command, init: false });
  await pause.settled("sleep");
  expect((await pause.stop()).code).toBe(8);
});

test("--log-reaped says of each orphan what became of it", async () => {
  const orphans = "(sleep 0.1; exit 3) & (sleep 0.1; kill -9 $(exec sh -c 'echo $PPID')) & true";
  const command = ["--log-reaped", "--", "sh", "-c", `(${orphans}); (sleep 0.1 &); sleep 0.6`];
  const { code, stderr } = await runPause(...command);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^Reaped orphan \d+ "sh", of process group \d+: exited with 3$/m);
  expect(stderr).toMatch(/^Reaped orphan \d+ "sh", of process group \d+: killed by SIGKILL$/m);
  expect(stderr).toMatch(/^Reaped orphan \d+ "sleep", of process group \d+: exited with 0$/m);
});

test("--log json writes an object a line, with what a program wants to know", async () => {
  const orphan = "(sleep 0.1 & exit); sleep 0.4; exit 4";
  const { code, stderr } = await runPause("-w", "--log=json", "--", "sh", "-c", orphan);
  expect(code).toBe(4);
  const [line, ...rest] = stderr.trimEnd().split("\n");
  expect(rest).toEqual([]);
  expect(JSON.parse(line ?? "")).toMatchObject({
    level: "info",
    event: "reaped",
    name: "sleep",
    exit: 0,
    pid: expect.any(Number),
    group: expect.any(Number),
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  });
  const failed = await runPause("--log", "json", "--", "no-such-command");
  expect(JSON.parse(failed.stderr)).toMatchObject({ level: "error" });
});

it("a hostile name does no harm in a line, nor in JSON", async () => {
  const name = "\u001b[31m)\n\u202e(";
  const program = `use POSIX (); open my $f, ">", "/proc/self/comm" or die; syswrite $f, pack "H*", $ARGV[0];
    close $f; if (fork == 0) { fork ? POSIX::_exit(0) : sleep 0; POSIX::_exit(0) } wait; sleep 1`;
  const hex = Buffer.from(name).toString("hex");
  for (const format of ["text", "json"]) {
    const { stderr } = await runPause("-w", "--log", format, "--", "perl", "-e", program, hex);
    expect(stderr).toMatch(
      format === "json" ? /"name":"\\u001b\[31m\)\\n\\u202e\("/ : /"\\u001b\[31m\)\\n\\u202e\("/,
    );
    for (const raw of "\u001b\u202e") expect(stderr).not.toContain(raw);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  }
});

test("held open: --subreaper reaps as an ordinary process, parked, without the warning", async () => {
  await using pause = await Running.start({ command: [PAUSE, "-s"], init: false });
  expect(pause.stderr).toBe("");
  expect((await pause.stop()).stderr).toBe("Shutting down, got signal: Terminated\n");
});

it("held open: --log-reaped and SIGUSR1 tell what --watch has seen", async () => {
  await using pause = await Running.start({ command: [PAUSE, "--log-reaped"] });
  await pause.perl(BURST, 3);
  await until("all are told of", () => pause.stderr.match(/^Reaped orphan /gm)?.length === 3);
  pause.kill("SIGUSR1");
  await until("it says how it is", () =>
    /^Up .*, 0 children, 3 orphans reaped, last/m.test(pause.stderr),
  );
  expect((await pause.stop()).code).toBe(0);
});

test("held open: options for a command get a warning, and it carries on", async () => {
  await using pause = await Running.start({
    command: [PAUSE, "--group", "-e", "143", "--drain", "x"],
  });
  const { code, stderr } = await pause.stop();
  expect(code).toBe(0);
  expect(stderr).toContain('Warning: Option "--group" means nothing without a command\n');
  expect(stderr).toContain('Warning: Option "--map-exit" means nothing without a command\n');
  expect(stderr).toContain('Warning: Option "--drain" takes seconds, 0 or more: "x"\n');
});
