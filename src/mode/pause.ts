// Holds a pod open: what a sandbox's infra container does, without a command of its own.

import { Signal } from "../libc/abi.ts";
import { getpid, strsignal } from "../libc/calls.ts";
import { ExitCode } from "../exit-code.ts";
import { error, inform, say, warn } from "../log.ts";
import { explain } from "../park/explain.ts";
import { findWayOut, park } from "../park/park.ts";
import { resetDispositions } from "../process/dispositions.ts";
import { holdOnTheFloor } from "../process/floor.ts";
import { reapAll, startReaping } from "../process/reaper.ts";
import { describeSender } from "../process/sender.ts";
import { info, nextSignal } from "../process/signals.ts";
import type { Status } from "../process/status.ts";

/** The process that a PID namespace belongs to. pid_namespaces(7) */
const INIT = 1;

/** What may be asked of this mode. */
export interface PauseSettings {
  /** Stay in JavaScript, and say who stops it. */
  readonly watch?: boolean;
  /** Say on stdout how it is going to wait. */
  readonly explain?: boolean;
}

/**
 * Stays, reaps, and stops when told. The signals must be blocked already.
 * @param self this process's status
 * @returns the exit code; not at all where it parks, and libc ends the process
 */
export function holdPod(self: Status, settings: PauseSettings): number {
  if (getpid() !== INIT) warn("pause should be the first process");
  // From now on PID 1 must not die: whatever goes wrong, there is one more way to stay.
  try {
    const way = settings.watch ? "it was told to watch" : findWayOut(self);
    if (settings.explain) inform(explain(way));
    if (typeof way !== "string") park(way, self);
    return watch(self);
  } catch (failure) {
    warn(
      `${(failure as Error).message}; the kernel reaps now, and a signal ends pause without a word`,
    );
    holdOnTheFloor();
  }
  error("infinite loop terminated");
  return ExitCode.loopEnded;
}

/**
 * Waits in JavaScript.
 * @throws {CannotWait} if sigwaitinfo does not work
 */
function watch(self: Status): number {
  resetDispositions(self.caught);
  startReaping();
  for (;;) {
    const signal = nextSignal();
    if (signal === Signal.SIGCHLD) {
      reapAll();
    } else {
      say(`Shutting down, got signal: ${strsignal(signal)} (${describeSender(info)})`);
      return ExitCode.ok;
    }
  }
}
