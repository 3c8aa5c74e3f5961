// Runs a command: forwards signals to it, reaps whatever is left to pause, and ends as it did.

import { Errno, Signal } from "../libc/abi.ts";
import { SyscallError } from "../libc/errno.ts";
import { close, readFile, readTextFile } from "../libc/files.ts";
import { getpid } from "../libc/process.ts";
import { canWaitForSignals, kill, maskOf, type SignalSet } from "../libc/signals.ts";
import { becomeSubreaper, chdir, setParentDeathSignal } from "../libc/child.ts";
import { ExitCode, KILLED_BY_SIGNAL } from "../exit-code.ts";
import { error, inform, quote, warn } from "../log.ts";
import { explain } from "../park/explain.ts";
import { trimmer } from "../park/trim.ts";
import { EVERY_SIGNAL } from "../process/mask.ts";
import { handOnDescriptors } from "../process/descriptors.ts";
import { resetDispositions } from "../process/dispositions.ts";
import { waitOnTheFloor } from "../process/floor.ts";
import { Orphans } from "../process/orphans.ts";
import { reapAll, startReaping, type Witness } from "../process/reaper.ts";
import { CannotWait, NEVER, nextSignal, now } from "../process/signals.ts";
import { spawn } from "../process/spawn.ts";
import { parseStatus, type Status } from "../process/status.ts";
import {
  controllingTerminal,
  isForeground,
  passForeground,
  stopWith,
  type Terminal,
} from "../process/terminal.ts";
import { decodeWaitStatus, type Fate, isStop } from "../process/wait-status.ts";
import { signalName } from "../signal-name.ts";
import { drain } from "./drain.ts";
import { INIT } from "./pause.ts";
import { reportState } from "./report.ts";

/** What may be asked of this mode. */
export interface RunSettings {
  readonly explain?: boolean;
  readonly "parent-death-signal"?: number;
  readonly "log-reaped"?: boolean;
  readonly group?: boolean;
  readonly "map-exit"?: ReadonlyMap<number, number>;
  readonly rewrite?: ReadonlyMap<number, number>;
  readonly drain?: number;
  readonly "kill-after"?: number;
  readonly "forward-usr1"?: boolean;
}

/**
 * Runs a command. Every signal must be blocked already.
 * @param command the command and its arguments
 * @param self this process's status as it was when it started
 * @param mask the signal mask that it was started with
 * @returns the exit code
 */
export function runCommand(
  command: readonly string[],
  settings: RunSettings,
  self: Status,
  mask: SignalSet,
): number {
  if (settings.explain) inform(explain("it runs a command"));
  const handedOn = handOnDescriptors();
  const terminal = controllingTerminal();
  const run = new Run(settings, terminal);
  try {
    adoptOrphans();
    const deathSignal = settings["parent-death-signal"];
    if (deathSignal !== undefined) setParentDeathSignal(deathSignal);
    if (!canWaitForSignals()) throw new CannotWait(REFUSED);
    resetDispositions(self.caught);
    startReaping(run);
    run.pid = spawn({
      argv: lastStrings(readFile("/proc/self/cmdline"), command.length),
      mask,
      ignored: self.ignored,
      terminal: terminal && isForeground(terminal) ? terminal.fd : undefined,
      // Only SIGKILL keeps pause from telling the command that its parent has died.
      parentDeathSignal: deathSignal === Signal.SIGKILL ? deathSignal : undefined,
    });
  } catch (failure) {
    error(`Cannot run ${quote(command[0] ?? "")}: ${reason(failure as Error)}`);
    return failureCode(failure);
  }
  try {
    // Not to keep anybody from unmounting what it was started in, or waiting for a pipe's end.
    for (const fd of handedOn) close(fd);
    chdir("/");
  } catch (failure) {
    warn(`Cannot leave the working directory: ${(failure as Error).message}`);
  }
  return run.untilItEnds();
}

/**
 * Has the orphans of all descendants go to this process.
 * @throws {Error}
 */
function adoptOrphans(): void {
  try {
    if (getpid() !== INIT) becomeSubreaper();
  } catch (failure) {
    const { message } = failure as Error;
    throw new Error(
      `pause cannot become a subreaper (${message}); allow prctl, or run it as PID 1`,
    );
  }
}

/** Failures in a row after which a call is taken not to work. */
const TRIES = 3;

/** The command as it runs. */
class Run implements Witness {
  pid = 0;
  readonly seesStops: boolean;
  readonly ending: ((pid: number) => void) | undefined;
  readonly #settings: RunSettings;
  readonly #terminal: Terminal | undefined;
  readonly #orphans: Orphans;
  #fate: Fate | undefined;
  #stoppedBy: number | undefined;
  #killAt = NEVER;
  #isHeard = true;

  constructor(settings: RunSettings, terminal: Terminal | undefined) {
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
    if (signal === 0) {
      if (now() >= trimmer.due) trimmer.trim();
      if (now() < this.#killAt) return;
      this.#killAt = NEVER;
      this.#send(Signal.SIGKILL);
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

/** The last strings of a row of them, each ended by a NUL: the command as bytes, not as text. */
function lastStrings(strings: Uint8Array, count: number): Uint8Array {
  let start = strings.length;
  for (let found = 0; found < count; found++) {
    start = strings.lastIndexOf(0, start - 2) + 1;
  }
  return strings.slice(start);
}

/** As a shell has it. */
function exitCodeOf(fate: Fate): number {
  if (fate.how === "exited") return fate.code;
  return fate.how === "killed" ? KILLED_BY_SIGNAL + fate.signal : ExitCode.failed;
}

/** The exit code for a command that was not run; as a shell's where it is the command's fault. */
function failureCode(failure: unknown): number {
  if (!(failure instanceof SyscallError) || failure.call !== "execvp") return ExitCode.failed;
  return failure.errno === Errno.ENOENT ? ExitCode.notFound : ExitCode.cannotRun;
}

/** What is to be done where sigtimedwait is refused. */
const REFUSED =
  "the kernel does not let pause wait for signals; allow rt_sigtimedwait in the seccomp filter";

/** What people call the reasons for which a command is not executed. execve(2) */
const REASONS: { readonly [errno: number]: string } = {
  [Errno.ENOENT]: "it is not found, or the interpreter that it names is not",
  [Errno.EACCES]: "it is not an executable file, or may not be executed (its mode, a noexec mount)",
  [Errno.ENOEXEC]: "it is not in a format that this machine executes",
  [Errno.E2BIG]: "its arguments and environment are too long",
  [Errno.EAGAIN]: "there may be no more processes (a limit of pids, RLIMIT_NPROC)",
};

function reason(failure: Error): string {
  if (!(failure instanceof SyscallError)) return failure.message;
  const words = REASONS[failure.errno];
  return words === undefined ? failure.message : `${words} (${failure.message})`;
}
