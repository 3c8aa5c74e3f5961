// Runs a command: makes everything ready for it, starts it, and says why where it cannot.

import { Errno, Signal } from "../libc/abi.ts";
import { becomeSubreaper, chdir, setParentDeathSignal } from "../libc/child.ts";
import { SyscallError } from "../libc/errno.ts";
import { close, readFile } from "../libc/files.ts";
import { getpid } from "../libc/process.ts";
import { type SignalSet, whyNoWait } from "../libc/signals.ts";
import { ExitCode } from "../exit-code.ts";
import { error, inform, quote, warn } from "../log.ts";
import { explain } from "../park/explain.ts";
import { handOnDescriptors } from "../process/descriptors.ts";
import { resetDispositions } from "../process/dispositions.ts";
import { startReaping } from "../process/reaper.ts";
import { CannotWait } from "../process/signals.ts";
import { spawn } from "../process/spawn.ts";
import type { Status } from "../process/status.ts";
import { controllingTerminal, isForeground } from "../process/terminal.ts";
import type { Settings } from "../settings.ts";
import { INIT } from "./pause.ts";
import { Running } from "./running.ts";

/**
 * Runs a command. Every signal must be blocked already.
 * @param command the command and its arguments
 * @param self this process's status as it was when it started
 * @param mask the signal mask that it was started with
 * @returns the exit code
 */
export function runCommand(
  command: readonly string[],
  settings: Settings,
  self: Status,
  mask: SignalSet,
): number {
  if (settings.explain) inform(explain("it runs a command"));
  let handedOn: readonly number[];
  let run: Running;
  try {
    handedOn = handOnDescriptors();
    const terminal = controllingTerminal();
    run = new Running(settings, terminal);
    adoptOrphans();
    const deathSignal = settings["parent-death-signal"];
    if (deathSignal !== undefined) setParentDeathSignal(deathSignal);
    if (whyNoWait() !== undefined) throw new CannotWait(REFUSED);
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

/** The last strings of a row of them, each ended by a NUL: the command as bytes, not as text. */
function lastStrings(strings: Uint8Array, count: number): Uint8Array {
  let start = strings.length;
  for (let found = 0; found < count; found++) {
    start = strings.lastIndexOf(0, start - 2) + 1;
  }
  return strings.slice(start);
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
  [Errno.ENAMETOOLONG]: "its name is too long",
  [Errno.ENOTDIR]: "a part of its path is not a folder",
  [Errno.ELOOP]: "its links lead in a circle",
  [Errno.ETXTBSY]: "somebody has it open to write to it",
  [Errno.ENOMEM]: "there is no memory for it",
  [Errno.EMFILE]: "it takes more open files (ulimit -n)",
  [Errno.EPERM]: "it is refused (a seccomp filter, file capabilities)",
  [Errno.EAGAIN]: "there may be no more processes (a limit of pids, RLIMIT_NPROC)",
};

function reason(failure: Error): string {
  if (!(failure instanceof SyscallError)) return failure.message;
  const words = REASONS[failure.errno];
  return words === undefined ? failure.message : `${words} (${failure.message})`;
}
