// The command as it runs: signals are forwarded to it, what is left to pause is reaped, and pause
// ends as it did.

import { Errno, Signal } from "../libc/abi.ts";
import { SyscallError } from "../libc/errno.ts";
import { readTextFile } from "../libc/files.ts";
import { kill, maskOf } from "../libc/signals.ts";
import { ExitCode, KILLED_BY_SIGNAL } from "../exit-code.ts";
import { warn } from "../log.ts";
import { trimmer } from "../park/trim.ts";
import { waitOnTheFloor } from "../process/floor.ts";
import { EVERY_SIGNAL } from "../process/mask.ts";
import { Orphans } from "../process/orphans.ts";
import { reapAll, type Witness } from "../process/reaper.ts";
import { CannotWait, NEVER, nextSignal, now } from "../process/signals.ts";
import { parseStatus } from "../process/status.ts";
import { passForeground, stopWith, type Terminal } from "../process/terminal.ts";
import { decodeWaitStatus, type Fate, isStop } from "../process/wait-status.ts";
import type { Settings } from "../settings.ts";
import { signalName } from "../signal-name.ts";
import { drain } from "./drain.ts";
import { reportState } from "./report.ts";

/** Failures in a row after which a call is taken not to work. */
const TRIES = 3;

/** The command as it runs. */
export class Running implements Witness {
  /** Its PID, once it is started; 0 is no child's. */
  pid = 0;
  readonly seesStops: boolean;
  readonly ending: ((pid: number) => void) | undefined;
  readonly #settings: Settings;
  readonly #terminal: Terminal | undefined;
  readonly #orphans: Orphans;
  #fate: Fate | undefined;
  #stoppedBy: number | undefined;
  #killAt = NEVER;
  #isHeard = true;

  constructor(settings: Settings, terminal: Terminal | undefined) {
    this.#settings = settings;
    this.#terminal = terminal;
    this.seesStops = terminal !== undefined;
    this.#orphans = new Orphans(settings["log-reaped"]);
    this.ending = this.#orphans.ending;
  }

  changed(pid: number, status: number): void {
    if (pid !== this.pid) {
      if (!isStop(status)) this.#orphans.reap(pid, status);
      return;
    }
    const fate = decodeWaitStatus(status);
    if (fate.how === "stopped") this.#stoppedBy = fate.signal;
    else this.#fate = fate;
  }

  /** Forwards and reaps until the command has ended, then drains; returns the exit code. */
  untilItEnds(): number {
    try {
      trimmer.later();
      while (this.#fate === undefined) this.#step();
      if (this.#terminal) passForeground(this.#terminal, this.pid, this.#terminal.own);
      if (this.#settings.drain !== undefined) drain(this.#settings.drain);
    } catch (failure) {
      warn(`${(failure as Error).message}; from now on a signal ends pause, and is not forwarded`);
      if (this.#fate === undefined) {
        const status = waitOnTheFloor(this.pid);
        if (status === undefined) return ExitCode.failed;
        this.#fate = decodeWaitStatus(status);
      }
    }
    const code = exitCodeOf(this.#fate);
    return this.#settings["map-exit"]?.get(code) ?? code;
  }

  /** Takes one signal. */
  #step(): void {
    const signal = nextSignal(EVERY_SIGNAL, Math.min(this.#killAt, trimmer.due));
    // Whatever has come: in a storm without end the wait never says that the time is up.
    if (this.#killAt !== NEVER && now() >= this.#killAt) {
      this.#killAt = NEVER;
      this.#send(Signal.SIGKILL);
    }
    if (signal === 0) {
      if (now() >= trimmer.due) trimmer.trim();
      return;
    }
    trimmer.later();
    if (signal !== Signal.SIGCHLD) {
      this.#forward(signal);
    } else if (!reapAll()) {
      throw new CannotWait("Cannot see the command end");
    } else if (this.#stoppedBy !== undefined) {
      if (this.#terminal) stopWith(this.pid, this.#stoppedBy, this.#terminal);
      this.#stoppedBy = undefined;
    }
  }

  /** Does with a signal what was asked for: forward it, another, or none. */
  #forward(signal: number): void {
    const { rewrite, "kill-after": killAfter } = this.#settings;
    const to = rewrite?.get(signal) ?? signal;
    if (signal === Signal.SIGUSR1 && to === signal && !this.#awaits(signal)) {
      reportState(this.#orphans, this.pid);
      return;
    }
    if (to === 0) return;
    if (signal === Signal.SIGCONT && this.#terminal) {
      passForeground(this.#terminal, this.#terminal.own, this.pid); // After "fg".
    }
    this.#send(to);
    const ends = signal === Signal.SIGTERM || signal === Signal.SIGINT;
    if (ends && killAfter !== undefined && this.#killAt === NEVER) {
      this.#killAt = now() + killAfter * 1000;
    }
  }

  /**
   * Whether the command does something with a signal: has a handler for it, or takes it as pause
   * does. For any other SIGUSR1 would be the end, and that is not what anybody sends it for; so it
   * is not sent either where /proc does not tell.
   */
  #awaits(signal: number): boolean {
    if (this.#settings["forward-usr1"]) return true;
    for (let failures = 0; failures < TRIES; failures++) {
      try {
        const { caught, blocked } = parseStatus(readTextFile(`/proc/${this.pid}/status`));
        return ((caught | blocked) & maskOf(signal)) !== 0;
      } catch {
        // Too many open files, say; the next time it may do.
      }
    }
    return false;
  }

  /**
   * Sends the command a signal; it is not reaped yet, so its PID is nobody else's. Where it gets
   * none (it runs as another user), that is said of the first, not of each in a storm.
   */
  #send(signal: number): void {
    let target = this.#settings.group ? -this.pid : this.pid;
    for (let failures = 1; ; failures++) {
      try {
        kill(target, signal);
        this.#isHeard = true;
        return;
      } catch (failure) {
        const isGone = failure instanceof SyscallError && failure.errno === Errno.ESRCH;
        if (isGone) target = this.pid; // It may have moved to another group.
        if (failures < TRIES) continue;
        const which = `${signalName(signal)} to ${target}`;
        if (this.#isHeard) warn(`Cannot forward ${which}: ${(failure as Error).message}`);
        this.#isHeard = false;
        return;
      }
    }
  }
}

/** As a shell has it. */
function exitCodeOf(fate: Fate): number {
  if (fate.how === "exited") return fate.code;
  return fate.how === "killed" ? KILLED_BY_SIGNAL + fate.signal : ExitCode.failed;
}
