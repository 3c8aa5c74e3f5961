// The orphans that were reaped: how many, the last one, and a line about each where that is wanted.

import { readFile } from "../libc/files.ts";
import { quote, say } from "../log.ts";
import { signalName } from "../signal-name.ts";
import { now } from "./signals.ts";
import { decodeName, parseStat } from "./stat.ts";
import { decodeWaitStatus, type Fate } from "./wait-status.ts";

/** What /proc says of a process that has ended and is not reaped yet. */
interface Remains {
  readonly pid: number;
  readonly name: string;
  /** Its process group. */
  readonly group: number;
}

/** Orphans, as they are reaped. */
export class Orphans {
  /** How many were reaped. */
  reaped = 0;
  // Numbers rather than an object, so that counting allocates nothing.
  #lastPid = 0;
  #lastStatus = 0;
  #lastAt = 0;
  #remains: Remains | undefined;
  /** Takes a look at one that is about to be reaped, where it is to be told of. */
  readonly ending: ((pid: number) => void) | undefined;

  /** @param logged whether to say of each what became of it */
  constructor(logged = false) {
    this.ending = logged ? (pid) => (this.#remains = remainsOf(pid)) : undefined;
  }

  /** Counts one that was reaped. */
  reap(pid: number, status: number): void {
    this.reaped++;
    this.#lastPid = pid;
    this.#lastStatus = status;
    this.#lastAt = now();
    if (this.ending === undefined) return;
    // The last look may have been at another, which has only stopped, or at the command.
    const { name, group } = this.#remains?.pid === pid ? this.#remains : {};
    this.#remains = undefined;
    const fate = decodeWaitStatus(status);
    const whose = group === undefined || group === pid ? "" : `, of process group ${group}`;
    say(
      `Reaped orphan ${pid}${name === undefined ? "" : ` ${quote(name)}`}${whose}: ${inWords(fate)}`,
      {
        event: "reaped",
        pid,
        ...(name !== undefined && { name }),
        ...(group !== undefined && { group }),
        ...fields(fate),
      },
    );
  }

  /** The last one, in words and as fields; undefined where there was none. */
  last(): { text: string; fields: Record<string, unknown> } | undefined {
    if (this.reaped === 0) return undefined;
    const fate = decodeWaitStatus(this.#lastStatus);
    const ago = Math.round((now() - this.#lastAt) / 1000);
    return {
      text: `last ${this.#lastPid} ${ago}s ago: ${inWords(fate)}`,
      fields: { pid: this.#lastPid, ...fields(fate), secondsAgo: ago },
    };
  }
}

/** What became of a process, in words. */
function inWords(fate: Fate): string {
  if (fate.how === "exited") return `exited with ${fate.code}`;
  return fate.how === "continued" ? "continued" : `${fate.how} by ${signalName(fate.signal)}`;
}

function fields(fate: Fate): Record<string, unknown> {
  if (fate.how === "exited") return { exit: fate.code };
  return fate.how === "continued" ? {} : { signal: signalName(fate.signal) };
}

function remainsOf(pid: number): Remains | undefined {
  try {
    const stat = parseStat(readFile(`/proc/${pid}/stat`));
    return stat && { pid, name: decodeName(stat.comm).name, group: stat.group };
  } catch {
    return undefined; // Another /proc is mounted, or none.
  }
}
