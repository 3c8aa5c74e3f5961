// Makes sure that no thread can take the signals away from the one that waits for them.
//
// A signal sent to a process goes to any thread that does not block it. If a helper thread of the
// runtime is such a one, its default action applies: SIGTERM kills the process, or, for PID 1 of a
// PID namespace, is dropped for ever. Blocking first (block.ts) leaves room for threads that the
// runtime started before the first line of ours. They can only be got rid of by execve(2), which
// ends them, keeps the mask, and so has every later thread inherit it.

import { AT_EXECFN } from "../libc/abi.ts";
import { auxiliaryString, execv, readDirectory, readFile, type SignalMask } from "../libc/calls.ts";
import { warn } from "../log.ts";
import { maskAtStart, WAITED } from "./block.ts";
import { readStatus, type Status } from "./status.ts";

/**
 * Executes this program anew where a thread has a waited-for signal open. Once: if the signals were
 * blocked when it started, every thread has inherited that and a further execve changes nothing.
 * @param self this process's status, read after the block
 */
export function closeSignalsInEveryThread(self: Status): void {
  const startedBlocked = !(maskAtStart instanceof Error) && blocksAll(maskAtStart);
  if (self.threads === 1 || startedBlocked || everyThreadBlocks()) return;
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

function blocksAll(mask: SignalMask): boolean {
  return (mask & WAITED) === WAITED;
}

/** A thread that cannot be looked at counts as one that does not. */
function everyThreadBlocks(): boolean {
  try {
    const tasks = readDirectory("/proc/self/task");
    return tasks.every((task) => blocksAll(readStatus(`/proc/self/task/${task}/status`).blocked));
  } catch {
    return false;
  }
}
