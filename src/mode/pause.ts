// Holds a pod open: what a sandbox's infra container does, without a command of its own.

import { Signal } from "../libc/abi.ts";
import { getpid } from "../libc/process.ts";
import { SignalSet, strsignal } from "../libc/signals.ts";
import { ExitCode } from "../exit-code.ts";
import { error, inform, say, warn } from "../log.ts";
import { explain } from "../park/explain.ts";
import { findWayOut, park } from "../park/park.ts";
import type { Trimmer } from "../park/trim.ts";
import { resetDispositions } from "../process/dispositions.ts";
import { holdOnTheFloor } from "../process/floor.ts";
import { WAITED, WATCHED } from "../process/mask.ts";
import { reapAll, startReaping, type Witness } from "../process/reaper.ts";
import { describeSender } from "../process/sender.ts";
import { info, nextSignal } from "../process/signals.ts";
import type { Status } from "../process/status.ts";
import type { Settings } from "../settings.ts";

/** The process that a PID namespace belongs to. pid_namespaces(7) */
export const INIT = 1;

/** What follows where it cannot wait for signals. */
const ENDS_MUTELY = "; the kernel reaps now, and a signal ends pause without a word";

/** Who looks on while this process stays awake. */
export interface Observer extends Witness {
  /** Says how this process is, on SIGUSR1. */
  report(): void;
  readonly trimmer: Trimmer;
}

/** How to hold a pod. */
export interface PauseSettings extends Pick<Settings, "explain" | "subreaper"> {
  /** Why to stay in JavaScript. */
  readonly awake?: string | undefined;
  readonly observer?: Observer | undefined;
}

/**
 * Stays, reaps, and stops when told. The signals must be blocked already.
 * @param self this process's status
 * @returns the exit code; not at all where it parks, and libc ends the process
 */
export function holdPod(self: Status, settings: PauseSettings): number {
  const { awake, observer, subreaper } = settings;
  if (getpid() !== INIT && !subreaper) warn("pause should be the first process");
  // From now on PID 1 must not die: whatever goes wrong, there is one more way to stay.
  try {
    const way = awake ?? findWayOut(self);
    if (settings.explain) inform(explain(way));
    if (typeof way !== "string") {
      if (way.refusal !== undefined) warn(`Cannot wait for signals: ${way.refusal}${ENDS_MUTELY}`);
      park(way, self);
    }
    return watch(self, observer);
  } catch (failure) {
    warn(`${(failure as Error).message}${ENDS_MUTELY}`);
    holdOnTheFloor();
  }
  error("infinite loop terminated");
  return ExitCode.loopEnded;
}

/**
 * Waits in JavaScript.
 * @throws {CannotWait} if sigwaitinfo does not work
 */
function watch(self: Status, observer: Observer | undefined): number {
  const waited = new SignalSet(observer ? WATCHED : WAITED);
  resetDispositions(self.caught);
  startReaping(observer);
  const trimmer = observer?.trimmer;
  trimmer?.later();
  for (;;) {
    const signal = nextSignal(waited, trimmer?.due);
    if (signal === 0) {
      trimmer?.trim();
      continue;
    }
    trimmer?.later();
    if (signal === Signal.SIGCHLD) {
      reapAll();
    } else if (signal === Signal.SIGUSR1) {
      observer?.report();
    } else {
      say(`Shutting down, got signal: ${strsignal(signal)} (${describeSender(info)})`, {
        event: "stopped",
        signal: signal === Signal.SIGINT ? "SIGINT" : "SIGTERM",
        sender: { pid: info.pid, uid: info.uid },
      });
      return ExitCode.ok;
    }
  }
}
