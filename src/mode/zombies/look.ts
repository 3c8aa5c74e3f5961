// One look at all processes: which zombies are leaked, and by whom.

import { TICKS_PER_SECOND } from "../../libc/abi.ts";
import type { Place } from "../../process/cgroup.ts";
import { ownPid } from "../../process/children.ts";
import { decodeName, type Stat } from "../../process/stat.ts";
import {
  inFirstNamespace,
  readPlace,
  readRelations,
  readStat,
  readReapers,
  readUptime,
  takeCensus,
} from "../../process/table.ts";
import { wait } from "./patience.ts";
import type { Group, Leaker, Zombie } from "./schema.ts";

/**
 * How long a zombie may stay before it is called leaked, in milliseconds. Every process that ends
 * is one until its parent has had the time to look, so a single look would now and then find one on
 * a host where nothing is wrong, and a check in a script would cry wolf.
 */
const GRACE = 200;

/** A zombie that was found, with those that have to reap it. */
interface Found {
  readonly stat: Stat;
  readonly parent: number;
  /** Its tracer, if another process than the parent: the kernel tells that one first. ptrace(2) */
  readonly role: Leaker["role"];
  /** Its tracer or parent. */
  readonly leaker: number;
  /** What its own cgroup says. */
  readonly place: Place | null;
}

/** What a look found. */
export interface Sight {
  readonly processes: number;
  readonly unreadable: number;
  readonly groups: Group[];
  /** As they were seen, by PID: zombies and leakers, to recognise them by their start. */
  readonly seen: ReadonlyMap<number, Stat>;
}

/** What was read of cgroups in this look. */
type Places = Map<string, Place | null>;

/**
 * Looks twice, the grace apart, where the first time there is any.
 * @throws {CannotLook}
 * @throws {Stopped}
 */
export function look(): Sight {
  const { processes, unreadable, zombies } = takeCensus();
  // What this process was left by the program that became it (exec) goes when it goes.
  const own = ownPid();
  const first = zombies.filter(({ parent }) => parent !== own);
  const known: Places = new Map();
  const end = performance.now() + GRACE;
  // Where it belongs does not change any more, so this takes up part of the wait.
  const places = first.map(({ pid }) => readPlace(pid, known));
  if (first.length > 0) wait(Math.max(0, end - performance.now()));
  const found = first.flatMap((stat, index): Found[] => {
    // By PID alone: it would take another zombie that got the same PID within the grace to deceive.
    const reapers = readReapers(stat.pid);
    if (reapers === undefined) return [];
    const place = places[index] ?? null;
    const { parent, tracer } = reapers;
    const role = tracer === 0 || tracer === parent ? "parent" : "tracer";
    return [{ stat, parent, role, leaker: role === "tracer" ? tracer : parent, place }];
  });
  const seen = new Map(found.map(({ stat }) => [stat.pid, stat]));
  return { processes, unreadable, groups: group(found, seen, known), seen };
}

/** Groups zombies by who has to reap them; within a group the oldest is first. */
function group(found: readonly Found[], seen: Map<number, Stat>, places: Places): Group[] {
  const uptime = readUptime();
  const hostsOwn = inFirstNamespace();
  const byLeaker = Map.groupBy(found, ({ role, leaker }) => `${role} ${leaker}`);
  const groups = Array.from(byLeaker.values(), (theirs): Group => {
    const { leaker: pid, role } = theirs[0]!; // No group is empty.
    const stat = readStat(pid);
    if (stat !== undefined) seen.set(pid, stat);
    const leaker = describeLeaker(pid, stat, role, hostsOwn, places);
    const zombies = theirs
      .toSorted((a, b) => a.stat.started - b.stat.started)
      .map((zombie) => describeZombie(zombie, leaker, uptime));
    return { leaker, nudged: false, zombies };
  });
  return worstFirst(groups);
}

/** The most zombies first, then the oldest. */
export function worstFirst(groups: readonly Group[]): Group[] {
  const age = ({ zombies }: Group) => zombies[0]?.age ?? 0;
  return groups.toSorted((a, b) => b.zombies.length - a.zombies.length || age(b) - age(a));
}

function describeLeaker(
  pid: number,
  stat: Stat | undefined,
  role: Leaker["role"],
  hostsOwn: boolean,
  places: Places,
): Leaker {
  const { sigchld, blocked, tracer, init } = readRelations(pid);
  return {
    pid,
    ...nameOf(stat),
    role,
    state: stat?.state ?? null,
    sigchld,
    blocked,
    tracer,
    init,
    containerInit: init && !(pid === 1 && hostsOwn),
    place: readPlace(pid, places),
  };
}

function describeZombie(zombie: Found, leaker: Leaker, uptime: number): Zombie {
  const { stat, parent, role } = zombie;
  const place = zombie.place ?? leaker.place;
  return {
    pid: stat.pid,
    ...decodeName(stat.comm),
    age: Math.max(0, Math.round(100 * uptime - (100 / TICKS_PER_SECOND) * stat.started) / 100),
    parent,
    parentName: role === "parent" ? leaker.name : nameOf(readStat(parent)).name,
    place,
    placeFrom: place === null ? null : zombie.place === null ? "leaker" : "itself",
  };
}

function nameOf(stat: Stat | undefined): Pick<Leaker, "name" | "nameHex"> {
  return stat === undefined ? { name: null } : decodeName(stat.comm);
}
