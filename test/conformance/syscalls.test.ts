// Every system call of the steady state refused: once, and from then on, with each error that its
// man page lists. docs/design.md has the same table, and a test compares the two.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { PAUSE } from "../support/executables.ts";
import { Faults } from "../support/faults.ts";
import { needing } from "../support/needs.ts";
import { EXEC_WITH_CHILD } from "../support/perl.ts";
import { readStat, Running } from "../support/process.ts";
import { IN_FOREGROUND } from "../support/terminal.ts";
import { until } from "../support/until.ts";

const it = needing("strace", "perl");

/** How it runs when the call fails. */
const ROLES = {
  parked: [PAUSE],
  watching: [PAUSE, "--watch"],
  logging: [PAUSE, "-w"],
  running: [PAUSE, "-w", "--"],
  terminal: ["perl", "-e", IN_FOREGROUND, PAUSE, "-w", "--"],
  draining: [PAUSE, "-w", "--drain", "0.2", "--"],
} as const;

type Role = keyof typeof ROLES;

/** Whether it runs a command then. */
const hasCommand = (role: Role) => ROLES[role].at(-1) === "--";

/** A system call that fails, and what is different then from how pause otherwise does. */
interface Row {
  readonly call: string;
  /** As its man page lists them, and what else a kernel or a filter says. */
  readonly errnos: readonly string[];
  readonly roles: readonly Role[];
  /** How it ends by SIGTERM where the call fails for ever; as it always does, unless said. */
  readonly code?: number;
  /** Whether the command gets no signal then. */
  readonly mute?: boolean;
  /** Whether what the command left is left. */
  readonly leaves?: boolean;
  /** What it says once then. */
  readonly says?: RegExp;
}

const WAIT = "wait4";
const EVERY = ["watching", "logging", "running"] as const;

const ROWS: readonly Row[] = [
  { call: "rt_sigtimedwait", errnos: ["EAGAIN", "EINTR", "EINVAL", "ENOSYS"], roles: ["parked"] },
  { call: "rt_sigpending", errnos: ["EFAULT", "EINVAL", "ENOSYS"], roles: ["parked"] },
  { call: "clock_nanosleep", errnos: ["EFAULT", "EINTR", "EINVAL"], roles: ["parked"] },
  {
    call: "rt_sigtimedwait",
    errnos: ["EAGAIN", "EINTR", "EINVAL", "ENOSYS"],
    roles: EVERY,
    code: 15,
    says: /^Warning: Cannot wait for signals: sigwaitinfo failed with /gm,
  },
  {
    call: "write",
    errnos: ["EAGAIN", "EBADF", "EDESTADDRREQ", "EDQUOT"],
    roles: ["parked", ...EVERY],
  },
  { call: "write", errnos: ["EFAULT", "EFBIG", "EINTR", "EINVAL"], roles: ["parked", ...EVERY] },
  { call: "write", errnos: ["EIO", "ENOSPC", "EPERM", "EPIPE"], roles: ["parked", ...EVERY] },
  { call: "setitimer", errnos: ["EFAULT", "EINVAL"], roles: ["parked"] },
  { call: "poll", errnos: ["EFAULT", "EINTR", "EINVAL", "ENOMEM"], roles: EVERY },
  {
    call: WAIT,
    errnos: ["EINTR", "EINVAL", "ENOSYS"],
    roles: EVERY,
    says: /^Warning: waitpid failed with [A-Z]+; from now on another call reaps, waitid$/gm,
  },
  { call: WAIT, errnos: ["ECHILD"], roles: EVERY },
  {
    call: "waitid",
    errnos: ["EINTR", "EINVAL", "ECHILD", "ENOSYS"],
    roles: ["logging", "running"],
  },
  {
    call: "openat",
    errnos: ["EACCES", "EMFILE", "ENFILE", "ENOENT"],
    roles: ["logging", "running"],
  },
  { call: "openat", errnos: ["EINTR", "ENOMEM", "EPERM"], roles: ["logging", "running"] },
  { call: "read", errnos: ["EAGAIN", "EBADF", "EFAULT", "EINTR"], roles: ["logging", "running"] },
  { call: "read", errnos: ["EINVAL", "EIO", "EISDIR", "ESRCH"], roles: ["logging", "running"] },
  { call: "close", errnos: ["EBADF", "EINTR", "EIO", "ENOSPC"], roles: ["logging", "running"] },
  {
    call: "kill",
    errnos: ["EINVAL", "EPERM", "ESRCH"],
    roles: ["running"],
    mute: true,
    says: /^Warning: Cannot forward SIG[A-Z0-9]+ to \d+: kill failed with /gm,
  },
  { call: "ioctl", errnos: ["EBADF", "EINVAL", "EIO", "ENOTTY", "EPERM"], roles: ["terminal"] },
  {
    call: "kill",
    errnos: ["EINVAL", "EPERM", "ESRCH"],
    roles: ["terminal"],
    mute: true,
    says: /^Warning: Cannot continue the command, which is stopped: kill failed with /gm,
  },
  {
    call: "kill",
    errnos: ["EINVAL", "EPERM", "ESRCH"],
    roles: ["draining"],
    mute: true,
    leaves: true,
    says: /^Warning: Cannot drain: SIGKILL does not end \d+$/gm,
  },
  {
    call: "openat",
    errnos: ["EACCES", "EMFILE", "ENFILE", "ENOENT"],
    roles: ["draining"],
    leaves: true,
    says: /^Warning: Cannot drain: \/proc does not tell this process's children$/gm,
  },
  { call: WAIT, errnos: ["EINTR", "EINVAL", "ENOSYS", "ECHILD"], roles: ["draining"] },
];

/** What the command of a running pause does: it leaves an orphan that lives, and waits. */
const COMMAND = ["sh", "-c", "(tail -f /dev/null &); exec sleep 1000"];

/** Starts it with a child that it has to reap, or an orphan of its command. */
async function start(role: Role): Promise<Running> {
  const command = hasCommand(role)
    ? [...ROLES[role], ...COMMAND]
    : ["perl", "-e", EXEC_WITH_CHILD, ...ROLES[role]];
  const pause = await Running.start({ command, init: false });
  await until(
    "it has what it is to reap",
    () => pause.children("S") === (hasCommand(role) ? 2 : 1),
  );
  return pause;
}

/** Whether a process is there, and no zombie. */
const isThere = (pid: number) => (readStat(pid)?.state ?? "Z") !== "Z";

/** How long each step may take, under strace. In milliseconds. */
const DEADLINE = 8000;

/** What may be used in half a second by a process that has nothing to do, in ticks of 10 ms. */
const IDLE = 12;

/** What ends it: a SIGTERM, or that its command ends by itself. */
type Ending = "SIGTERM" | "command";

/** Lets it live under a fault, and says for an error which. */
async function live(
  role: Role,
  fault: string,
  row: Partial<Row>,
  ending: Ending = "SIGTERM",
): Promise<void> {
  await liveUnder(role, fault, row, ending).catch((cause: Error) => {
    throw new Error(`${fault}, ended by ${ending}: ${cause.message}`, { cause });
  });
}

async function liveUnder(
  role: Role,
  fault: string,
  { code, mute, leaves, says }: Partial<Row>,
  ending: Ending,
): Promise<void> {
  await using pause = await start(role);
  await using _faults = await Faults.into(pause, fault);
  const pids = pause.childPids();
  const orphan = pids.find((pid) => readFileSync(`/proc/${pid}/comm`, "utf8") !== "sleep\n") ?? 0;
  const command = pids.find((pid) => pid !== orphan) ?? 0;
  if (role !== "draining") process.kill(orphan, "SIGKILL");
  await until(
    "the orphan is gone, and no zombie",
    () => role === "draining" || !pause.childPids().includes(orphan),
    DEADLINE,
  );
  for (let count = 0; count < 5; count++) pause.kill(hasCommand(role) ? "SIGWINCH" : "SIGCHLD");
  if (role === "parked") {
    // Interrupts the wait.
    pause.kill("SIGSTOP");
    pause.kill("SIGCONT");
  }
  if (role === "terminal") {
    pause.kill("SIGCONT"); // As after "fg"; and as after Ctrl-Z, where nobody could continue it:
    process.kill(command, "SIGTSTP");
  }
  if (role === "logging" || hasCommand(role)) pause.kill("SIGUSR1");
  const before = pause.cpuTicks();
  await Bun.sleep(500);
  expect(pause.cpuTicks() - before).toBeLessThan(IDLE);
  expect(pause.hasEnded()).toBe(false);

  if (ending === "SIGTERM") pause.kill("SIGTERM");
  let expected = code ?? (hasCommand(role) ? 128 + 15 : 0);
  if (ending === "command" || mute) {
    if (ending === "SIGTERM") await Bun.sleep(200);
    process.kill(command, "SIGKILL");
    expected = 128 + 9;
  }
  await until("it has ended", () => pause.hasEnded(), DEADLINE);
  const isLeft = isThere(orphan);
  for (const pid of pids.filter(isThere)) process.kill(pid, "SIGKILL"); // They have its stderr.
  expect((await pause.ended()).code).toBe(expected);
  if (role === "draining") expect(isLeft).toBe(leaves === true);
  if (says) expect(pause.stderr.match(says) ?? []).toHaveLength(1);
  if (role === "parked" && !fault.startsWith("write")) {
    expect(pause.stderr).toEndWith("Shutting down, got signal: Terminated\n");
  }
  expect(pause.stderr.split("\n").length).toBeLessThan(10);
  expect(pause.stderr).not.toMatch(/^ +at /m);
}

for (const row of ROWS) {
  for (const role of row.roles) {
    it(`${role}: ${row.call} fails once, and always, with ${row.errnos.join(", ")}`, async () => {
      await Promise.all(
        row.errnos.flatMap((errno) => [
          live(role, `${row.call}:error=${errno}:when=1`, {}),
          live(role, `${row.call}:error=${errno}`, row),
          ...(hasCommand(role) ? [live(role, `${row.call}:error=${errno}`, row, "command")] : []),
        ]),
      );
    });
  }
}

/** The table of the document: a row for each call, and role where that makes a difference. */
function documented(): string[] {
  const design = readFileSync(join(import.meta.dirname, "../../docs/design.md"), "utf8");
  const [, section = ""] = design.split("\n**Every call of the steady state");
  const rows =
    section.split("\n**")[0]?.matchAll(/^\| `(\w+)` +\| (\S.*?) +\| (\S.*?) +\| /gm) ?? [];
  return Array.from(rows, ([, call, roles, errnos]) => `${call}: ${roles}: ${errnos}`);
}

test("docs/design.md has this table", () => {
  const merged = Map.groupBy(ROWS, ({ call, roles }) => `${call}: ${roles.join(", ")}`);
  expect(documented()).toEqual(
    Array.from(
      merged,
      ([key, rows]) => `${key}: ${rows.flatMap(({ errnos }) => errnos).join(", ")}`,
    ),
  );
});
