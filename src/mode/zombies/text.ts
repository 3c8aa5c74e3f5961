// Renders a report for people: at most 80 columns, the worst first, what helps last.

import { count, duration } from "../words.ts";
import type { Group, Leaker, Nudge, Report, Zombie } from "./schema.ts";
import { cut, label, place, safe, wrap } from "./words.ts";

const WIDTH = 80;

/** Zombies of one parent; what helps is to stay in sight, and JSON has them all. */
const SHOWN = 10;

/** The report's lines, each ended. */
export function render(report: Report): string {
  const { unreadable, groups, nudges = [], help } = report;
  const lines = [
    ...nudges.map(describeNudge),
    summary(report),
    ...(unreadable > 0 ? [`${unreadable} or more could not be looked at; root can`] : []),
    ...groups.flatMap((group) => ["", ...describeGroup(group)]),
    ...(help.length > 0 ? ["", "What helps:", ...help.flatMap((each) => wrap(each, "- "))] : []),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** "7 zombies left by 2 of 231 processes", "No zombies among 231 processes". */
function summary({ count: zombies, processes, groups }: Report): string {
  const all = count(processes, "process", "processes");
  if (zombies === 0) return `No zombies among ${all}`;
  return `${count(zombies, "zombie")} left by ${groups.length} of ${all}`;
}

function describeNudge({ pid, name, error, went, left }: Nudge): string {
  const who = label({ pid, name });
  const total = went.length + left.length;
  const line =
    error === null
      ? `Nudged ${who}: ${went.length} of ${count(total, "zombie")} went`
      : `Cannot nudge ${who}: ${error}`;
  return cut(line, WIDTH);
}

function describeGroup({ leaker, zombies, nudged }: Group): string[] {
  const where = leaker.place === null ? [] : [`  in ${place(leaker.place, WIDTH - 5)}`];
  return [
    cut(
      `${count(zombies.length, "zombie")} of ${label(leaker)}: ${behaviour(leaker, nudged)}`,
      WIDTH,
    ),
    ...where,
    "       PID      AGE  NAME",
    ...zombies.slice(0, SHOWN).map((zombie) => describeZombie(zombie, leaker)),
    ...(zombies.length > SHOWN ? [`       and ${zombies.length - SHOWN} more`] : []),
  ];
}

/** What a process does about SIGCHLD, in words. */
const DISPOSITIONS: Readonly<Record<Leaker["sigchld"], string>> = {
  catches: "catches SIGCHLD",
  ignores: "ignores SIGCHLD",
  defaults: "defaults SIGCHLD",
  unknown: "SIGCHLD unknown",
};

/** States in which a process does nothing, in words. */
const STATES: Readonly<Record<string, string>> = {
  D: "hangs in the kernel",
  T: "stopped",
  t: "stopped by a debugger",
  Z: "first thread ended",
};

function behaviour({ role, state, sigchld, blocked, init }: Leaker, nudged: boolean): string {
  return [
    ...(role === "tracer" ? ["their tracer"] : []),
    ...(init ? ["an init"] : []),
    DISPOSITIONS[sigchld] + (blocked ? " (blocked)" : ""),
    ...(state !== null && state in STATES ? [STATES[state]] : []),
    ...(nudged ? ["nudged in vain"] : []),
  ].join(", ");
}

function describeZombie(zombie: Zombie, leaker: Leaker): string {
  const { pid, name, age, parent, parentName, place: where } = zombie;
  const notes = [
    ...(parent === leaker.pid ? [] : [`child of ${label({ pid: parent, name: parentName })}`]),
    // Only where it is not the leaker's, as for the child of a container's monitor.
    ...(where === null || Bun.deepEquals(where, leaker.place) ? [] : [place(where, WIDTH)]),
  ];
  const line = `${String(pid).padStart(10)} ${duration(age).padStart(8)}  ${safe(name ?? "", 32)}`;
  return cut(notes.length === 0 ? line : `${line}  ${notes.join(", ")}`, WIDTH);
}
