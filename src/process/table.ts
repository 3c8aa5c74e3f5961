// Reads the table of processes: /proc. proc(5)

import { Errno, FIRST_PID_NAMESPACE } from "../libc/abi.ts";
import { readBeginning, readDirectory, readFile } from "../libc/files.ts";
import { readlink } from "../libc/seldom.ts";
import { parseCgroup, type Place } from "./cgroup.ts";
import { parseReapers, parseRelations, type Reapers, type Relations } from "./relations.ts";
import { isZombie, looksDead, parseStat, type Stat } from "./stat.ts";

/** /proc cannot be read, for the reason in the message. */
export class CannotLook extends Error {}

/** What one pass over all processes found. */
export interface Census {
  readonly processes: number;
  /** How many of them may not be looked at, or not even be seen: at least so many. */
  readonly unreadable: number;
  readonly zombies: Stat[];
}

/** Room for every stat file there can be; all reading of the pass goes through it. */
const buffer = new Uint8Array(4096);
const beginning = buffer.subarray(0, 512);

const text = new TextDecoder();

/**
 * Looks at every process once. Of one that lives this costs open, read and close, and a look at one
 * byte: 10 µs.
 * @throws {CannotLook}
 */
export function takeCensus(): Census {
  const zombies: Stat[] = [];
  let processes = 0;
  let unreadable = 0;
  let sawInit = false;
  for (const name of listProc()) {
    const first = name.charCodeAt(0);
    if (first < 0x31 || first > 0x39) continue; // Processes are the names that are numbers.
    const length = readBeginning(`/proc/${name}/stat`, buffer);
    const forbidden = length === -Errno.EACCES || length === -Errno.EPERM;
    if (length <= 0 && !forbidden) continue; // It has just ended.
    processes++;
    sawInit ||= name === "1";
    if (forbidden) unreadable++;
    if (forbidden || !looksDead(buffer, length)) continue;
    const stat = parseStat(buffer.subarray(0, length));
    if (stat !== undefined && isZombie(stat)) zombies.push(stat);
  }
  if (processes === 0) throw new CannotLook("Cannot read /proc: no process is to be seen in it");
  // There is always a PID 1; where it is not listed, /proc is mounted with hidepid=2.
  return { processes, unreadable: unreadable + (sawInit ? 0 : 1), zombies };
}

function listProc(): string[] {
  try {
    return readDirectory("/proc");
  } catch (failure) {
    throw new CannotLook(`Cannot read /proc: ${(failure as Error).message}`, { cause: failure });
  }
}

/** A process's stat file now; undefined where there is none, or it cannot be read. */
export function readStat(pid: number): Stat | undefined {
  const length = readBeginning(`/proc/${pid}/stat`, buffer);
  return length > 0 ? parseStat(buffer.subarray(0, length)) : undefined;
}

/** A process by PID, if it is still the one that was seen: a PID is used again, a start is not. */
export function readAgain({ pid, started }: Stat): Stat | undefined {
  const stat = readStat(pid);
  return stat?.started === started ? stat : undefined;
}

/** What a process does about its children. */
export function readRelations(pid: number): Relations {
  return parseRelations(slurp(`/proc/${pid}/status`));
}

/** Who has to reap a zombie; undefined if it is none any more. */
export function readReapers(pid: number): Reapers | undefined {
  // The fields are among the first, and there may be thousands of zombies.
  const length = readBeginning(`/proc/${pid}/status`, beginning);
  return parseReapers(text.decode(beginning.subarray(0, Math.max(0, length))));
}

/**
 * Where a process belongs; null where its cgroup does not say.
 * @param known files that were read before: most zombies of a host are from a few places
 */
export function readPlace(pid: number, known: Map<string, Place | null>): Place | null {
  const lines = slurp(`/proc/${pid}/cgroup`);
  let place = known.get(lines);
  if (place === undefined) known.set(lines, (place = parseCgroup(lines)));
  return place;
}

/**
 * Seconds since boot, suspended ones included: what a process's start is counted in. proc_uptime(5)
 * @throws {CannotLook}
 */
export function readUptime(): number {
  const uptime = Number.parseFloat(slurp("/proc/uptime"));
  if (Number.isNaN(uptime)) throw new CannotLook("Cannot read /proc/uptime");
  return uptime;
}

/** Whether this is the host's PID namespace, and PID 1 so the host's, not a container's. */
export function inFirstNamespace(): boolean {
  return readlink("/proc/self/ns/pid") === FIRST_PID_NAMESPACE;
}

/** A file's text, "" where it cannot be read. Bytes that are not UTF-8 become U+FFFD. */
function slurp(path: string): string {
  try {
    const length = readBeginning(path, buffer);
    // Longer ones are rare: a user in thousands of groups.
    const bytes =
      length === buffer.length ? readFile(path) : buffer.subarray(0, Math.max(0, length));
    return text.decode(bytes);
  } catch {
    return "";
  }
}
