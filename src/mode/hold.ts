// Holds a pod open with what was asked for beside it.

import { SIG_SETMASK } from "../libc/abi.ts";
import { becomeSubreaper, setParentDeathSignal } from "../libc/child.ts";
import { getpid } from "../libc/process.ts";
import { SignalSet, sigprocmask } from "../libc/signals.ts";
import { ExitCode } from "../exit-code.ts";
import { error, warn } from "../log.ts";
import { trimmer } from "../park/trim.ts";
import { WAITED, WATCHED } from "../process/mask.ts";
import { Orphans } from "../process/orphans.ts";
import type { Status } from "../process/status.ts";
import type { Settings } from "../settings.ts";
import { holdPod, INIT, type Observer } from "./pause.ts";
import { reportState } from "./report.ts";

/**
 * Holds a pod. Every signal must be blocked already.
 * @param self this process's status as it was when it started
 * @param mask the signal mask that it was started with
 * @returns the exit code, as holdPod
 */
export function holdAsAsked(self: Status, settings: Settings, mask: SignalSet): number {
  try {
    if (settings.subreaper && getpid() !== INIT) becomeSubreaper();
  } catch (failure) {
    error(`Cannot become a subreaper: ${(failure as Error).message}; without, it reaps as PID 1`);
    return ExitCode.failed;
  }
  try {
    const signal = settings["parent-death-signal"];
    if (signal !== undefined) setParentDeathSignal(signal);
  } catch (failure) {
    warn(`Cannot ask for a signal when the parent dies: ${(failure as Error).message}`);
  }
  const awake = reasonToStayAwake(settings);
  const observer = awake === undefined ? undefined : observe(settings);
  const waited = observer ? WATCHED : WAITED;
  const blocked = new SignalSet(mask.low | waited, mask.high);
  sigprocmask(SIG_SETMASK, blocked);
  return holdPod({ ...self, blocked: blocked.mask }, { ...settings, awake, observer });
}

/** Why this cannot be left to libc alone, if it cannot. */
function reasonToStayAwake(settings: Settings): string | undefined {
  if (settings.watch) return "it was told to watch";
  if (settings["log-reaped"]) return "it was told to log what it reaps";
  return settings.log === "json" ? "it was told to log as JSON" : undefined;
}

function observe(settings: Settings): Observer {
  const orphans = new Orphans(settings["log-reaped"]);
  return {
    ending: orphans.ending,
    changed: (pid, status) => orphans.reap(pid, status),
    report: () => reportState(orphans),
    trimmer,
  };
}
