// Makes sure that no thread can take the signals away from the one that waits for them.
//
// A signal sent to a process goes to any thread that does not block it. If a helper thread of the
// runtime is such a one, its default action applies: SIGTERM kills the process, or, for PID 1 of a
// PID namespace, is dropped for ever. Blocking first (libc/at-once.ts) leaves room for threads that
// the runtime started before the first line of ours. They can only be got rid of by execve(2),
// which ends them, keeps the mask, and so has every later thread inherit it.

import { AT_EXECFN, Signal } from "../libc/abi.ts";
import { readDirectory, readFile } from "../libc/files.ts";
import { auxiliaryString, execv, getenv, setenv, unsetenv } from "../libc/process.ts";
import { maskOf, type SignalMask, SignalSet } from "../libc/signals.ts";
import { warn } from "../log.ts";
import { WAITED } from "./mask.ts";
import { readStatus, type Status } from "./status.ts";

/** By which the mask from before the block comes through execve: 16 hexadecimal digits. */
const MASK_VARIABLE = "PAUSE_SIGNAL_MASK";

/**
 * Executes this program anew where a thread has a signal open. Once: if the signals were blocked
 * when it started, every thread has inherited that and a further execve changes nothing; nor does
 * one in any other case, of which the variable is the sign.
 * @param self this process's status, read after the first block
 * @param maskAtStart the mask from before it
 * @param signals which are blocked by now, and must be so in every thread
 */
export function closeSignalsInEveryThread(
  self: Status,
  maskAtStart: SignalSet,
  signals: SignalMask = WAITED,
): void {
  if (self.threads === 1) return;
  const isAnew = getenv(MASK_VARIABLE) !== undefined || blocksAll(maskAtStart.mask, signals);
  if (isAnew || everyThreadBlocks(signals)) return;
  setenv(MASK_VARIABLE, digits(originalMask(maskAtStart)));
  // The kernel takes `comm` from the name it is given, and tools look for "pause": so by the name
  // this process was started by, and by the link, whose name is "exe", only if that one is gone.
  for (const path of [auxiliaryString(AT_EXECFN) ?? "", "/proc/self/exe"]) {
    try {
      execv(path, readFile("/proc/self/cmdline"));
    } catch (failure) {
      const reason = (failure as Error).message;
      warn(`Cannot execute "${path}" anew, a helper thread may swallow a signal: ${reason}`);
    }
  }
}

/**
 * The signal mask with which this program was started, before it executed itself anew if it did;
 * which no command is to see in its environment.
 */
export function originalMask(maskAtStart: SignalSet): SignalSet {
  const handedOn = getenv(MASK_VARIABLE);
  unsetenv(MASK_VARIABLE);
  if (handedOn !== undefined && /^[0-9a-f]{16}$/.test(handedOn)) {
    const [high, low] = [handedOn.slice(0, 8), handedOn.slice(8)];
    return new SignalSet(Number.parseInt(low, 16), Number.parseInt(high, 16));
  }
  return maskAtStart;
}

function digits({ low, high }: SignalSet): string {
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

function blocksAll(mask: SignalMask, signals: SignalMask): boolean {
  const blockable = signals & ~OPEN;
  return (mask & blockable) === blockable;
}

/** A thread that cannot be looked at counts as one that does not. */
function everyThreadBlocks(signals: SignalMask): boolean {
  try {
    const tasks = readDirectory("/proc/self/task");
    return tasks.every((task) =>
      blocksAll(readStatus(`/proc/self/task/${task}/status`).blocked, signals),
    );
  } catch {
    return false;
  }
}

/** Open in every thread: nobody can block the first two, and the engine opens the third. */
const OPEN: SignalMask = maskOf(Signal.SIGKILL, Signal.SIGSTOP, Signal.SIGPWR);
