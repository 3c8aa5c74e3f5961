// This process's children, as /proc shows them.

import { readTextFile } from "../libc/files.ts";
import { getpid } from "../libc/process.ts";

/** This process's PID as /proc shows it; undefined where it cannot be read. */
export function ownPid(): number | undefined {
  try {
    return Number.parseInt(readTextFile("/proc/self/stat"), 10);
  } catch {
    return undefined;
  }
}

/**
 * Whether /proc counts as this process does. One that was mounted in another PID namespace has
 * other PIDs for the same processes, and the same for others.
 */
export function procIsOwn(): boolean {
  return ownPid() === getpid();
}

/**
 * The PIDs of the children, zombies too: its own and those re-parented to it, which the kernel all
 * gives to the main thread as long as it lives. A child that comes or goes meanwhile may be missing.
 * proc_tid_children(5)
 * @returns undefined where the kernel does not tell
 */
export function children(): number[] | undefined {
  if (!procIsOwn()) return undefined;
  try {
    const list = readTextFile("/proc/thread-self/children");
    return list.split(" ").filter(Boolean).map(Number);
  } catch {
    return undefined;
  }
}
