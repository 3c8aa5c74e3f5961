// Ends what a command leaves behind: SIGTERM, some time, SIGKILL.

import { Signal } from "../libc/abi.ts";
import { kill, sleep } from "../libc/signals.ts";
import { warn } from "../log.ts";
import { children } from "../process/children.ts";
import { EVERY_SIGNAL } from "../process/mask.ts";
import { reapAll } from "../process/reaper.ts";
import { CannotWait, nextSignal, now } from "../process/signals.ts";

/** How often to look for new orphans: whose parent another process reaped, no signal tells of. */
const LOOK_EVERY = 100;

/** Failures after which /proc is taken not to tell. */
const TRIES = 3;

/** How long to wait for what was sent SIGKILL: longer, and it hangs in the kernel. */
const DEATH = 5000;

/**
 * Ends all children, and those that become children meanwhile as their parents end. Only children
 * get a signal: as long as they are not reaped, their PIDs cannot be anybody else's.
 * @param seconds between SIGTERM and SIGKILL; a SIGTERM or SIGINT cuts it short
 */
export function drain(seconds: number): void {
  let killFrom = now() + seconds * 1000;
  let giveUp = killFrom + DEATH;
  let told = new Set<number>();
  for (let failures = 0; ;) {
    reapAll();
    const left = children();
    if (left === undefined && ++failures < TRIES) continue;
    if (left === undefined) {
      warn("Cannot drain: /proc does not tell this process's children");
      return;
    }
    if (left.length === 0) return;
    const time = now();
    if (time >= giveUp) {
      warn(`Cannot drain: SIGKILL does not end ${left.join(", ")}`);
      return;
    }
    if (time >= killFrom) for (const pid of left) send(pid, Signal.SIGKILL);
    // One that is stopped would not end by SIGTERM alone.
    const tell = (pid: number) => send(pid, Signal.SIGTERM) && send(pid, Signal.SIGCONT);
    told = new Set(left.filter((pid) => told.has(pid) || tell(pid)));
    const next = time < killFrom ? Math.min(killFrom, time + LOOK_EVERY) : time + LOOK_EVERY;
    const signal = signalUntil(next);
    if (signal === Signal.SIGTERM || signal === Signal.SIGINT) {
      killFrom = Math.min(killFrom, now());
      giveUp = killFrom + DEATH;
    }
  }
}

/** Returns whether it got the signal: not if it belongs to another user, or has just gone. */
function send(pid: number, signal: number): boolean {
  try {
    kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

let isDeaf = false;

/** Waits for a signal; where that does not work, for a second. */
function signalUntil(deadline: number): number {
  try {
    if (!isDeaf) return nextSignal(EVERY_SIGNAL, deadline);
  } catch (failure) {
    if (!(failure instanceof CannotWait)) throw failure;
    warn(`${failure.message}; no signal cuts the drain short`);
    isDeaf = true;
  }
  sleep(1);
  return 0;
}
