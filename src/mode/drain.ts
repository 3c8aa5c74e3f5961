// Ends what a command leaves behind: SIGTERM, some time, SIGKILL.

import { Signal } from "../libc/abi.ts";
import { kill } from "../libc/calls.ts";
import { warn } from "../log.ts";
import { EVERY_SIGNAL } from "../process/block.ts";
import { children } from "../process/children.ts";
import { reapAll } from "../process/reaper.ts";
import { nextSignal, now } from "../process/signals.ts";

/** How often to look for new orphans: whose parent another process reaped, no signal tells of. */
const LOOK_EVERY = 100;

/** How long to wait for what was sent SIGKILL: longer, and it hangs in the kernel. */
const DEATH = 5000;

/**
 * Ends all children, and those that become children meanwhile as their parents end. Only children
 * get a signal: as long as they are not reaped, their PIDs cannot be anybody else's.
 * @param seconds between SIGTERM and SIGKILL; a SIGTERM or SIGINT cuts it short
 * @throws {CannotWait}
 */
export function drain(seconds: number): void {
  let killFrom = now() + seconds * 1000;
  let giveUp = killFrom + DEATH;
  let told = new Set<number>();
  for (;;) {
    reapAll();
    const left = children();
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
    if (time >= killFrom) send(left, Signal.SIGKILL);
    const untold = left.filter((pid) => !told.has(pid));
    send(untold, Signal.SIGTERM);
    send(untold, Signal.SIGCONT); // One that is stopped would not end.
    told = new Set(left);
    const next = time < killFrom ? Math.min(killFrom, time + LOOK_EVERY) : time + LOOK_EVERY;
    const signal = nextSignal(EVERY_SIGNAL, next);
    if (signal === Signal.SIGTERM || signal === Signal.SIGINT) {
      killFrom = Math.min(killFrom, now());
      giveUp = killFrom + DEATH;
    }
  }
}

function send(pids: readonly number[], signal: number): void {
  for (const pid of pids) {
    try {
      kill(pid, signal);
    } catch {
      // It belongs to another user. Or it has gone, as a child of somebody else's.
    }
  }
}
