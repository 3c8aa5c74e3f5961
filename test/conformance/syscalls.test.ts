// Every system call of the steady state refused: once, and from then on, with each error that its
// man page lists. docs/design.md has the same table, and a test compares the two.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { PAUSE } from "../support/executables.ts";
import { Faults } from "../support/faults.ts";
import { needing } from "../support/needs.ts";
import { EXEC_WITH_CHILD } from "../support/perl.ts";
import { Running } from "../support/process.ts";
import { until } from "../support/until.ts";

const it = needing("strace", "perl");

/** How it runs when the call fails. */
const ROLES = {
  parked: [PAUSE],
  watching: [PAUSE, "--watch"],
  logging: [PAUSE, "-w"],
  running: [PAUSE, "-w", "--"],
} as const;

type Role = keyof typeof ROLES;

/** A system call that fails, and what is different then from how pause otherwise does. */
interface Row {
  readonly call: string;
  /** As its man page lists them, and what else a kernel or a filter says. */
  readonly errnos: readonly string[];
  readonly roles: readonly Role[];
  /** How it ends by SIGTERM where the call fails for ever; as it always does, unless said. */
  readonly code?: number;
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
    says: /^Warning: Cannot forward SIG[A-Z0-9]+ to \d+: kill failed with /gm,
  },
];

/** What the command of a running pause does: it leaves an orphan that lives, and waits. */
const COMMAND = ["sh", "-c", "(tail -f /dev/null &); exec sleep 1000"];

/** Starts it with a child that it has to reap, or an orphan of its command. */
async function start(role: Role): Promise<Running> {
  const command =
    role === "running"
      ? [...ROLES[role], ...COMMAND]
      : ["perl", "-e", EXEC_WITH_CHILD, ...ROLES[role]];
  const pause = await Running.start({ command, init: false });
  await until(
    "it has what it is to reap",
    () => pause.children("S") === (role === "running" ? 2 : 1),
  );
  return pause;
}

/** How long each step may take, under strace. In milliseconds. */
const DEADLINE = 8000;

/** What may be used in half a second by a process that has nothing to do, in ticks of 10 ms. */
const IDLE = 12;

/** Lets it live under a fault, and says for an error which. */
async function live(role: Role, fault: string, row: Partial<Row>): Promise<void> {
  await liveUnder(role, fault, row).catch((cause: Error) => {
    throw new Error(`${fault}: ${cause.message}`, { cause });
  });
}

async function liveUnder(role: Role, fault: string, { code, says }: Partial<Row>): Promise<void> {
  await using pause = await start(role);
  await using _faults = await Faults.into(pause, fault);
  const pids = pause.childPids();
  const orphan = pids.find((pid) => readFileSync(`/proc/${pid}/comm`, "utf8") !== "sleep\n") ?? 0;
  process.kill(orphan, "SIGKILL");
  await until("no zombie is left", () => pause.children("Z") === 0, DEADLINE);
  for (let count = 0; count < 5; count++) pause.kill(role === "running" ? "SIGWINCH" : "SIGCHLD");
  if (role === "parked") {
    // Interrupts the wait.
    pause.kill("SIGSTOP");
    pause.kill("SIGCONT");
  }
  if (role === "logging" || role === "running") pause.kill("SIGUSR1");
  const before = pause.cpuTicks();
  await Bun.sleep(500);
  expect(pause.cpuTicks() - before).toBeLessThan(IDLE);
  expect(pause.hasEnded()).toBe(false);

  if (role === "running") {
    // The end of the command, which comes by itself.
    for (const pid of pause.childPids()) process.kill(pid, "SIGKILL");
    expect((await pause.ended(DEADLINE)).code).toBe(128 + 9);
  } else {
    pause.kill("SIGTERM");
    expect((await pause.ended(DEADLINE)).code).toBe(code ?? 0);
  }
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
