// What the kernel says of a process or thread in its status file. proc_pid_status(5)

import { readTextFile } from "../libc/files.ts";
import type { SignalMask } from "../libc/signals.ts";

/** The part of a status file that matters here. */
export interface Status {
  /** How many threads the process has. */
  readonly threads: number;
  /** The signals this thread blocks. */
  readonly blocked: SignalMask;
  /** The signals that the process ignores. */
  readonly ignored: SignalMask;
  /** The signals for which the process has a handler. */
  readonly caught: SignalMask;
  /** Whether the thread has a shadow stack, which contexts made by hand do not. */
  readonly shadowStack: boolean;
}

/** All but SIGKILL and SIGSTOP, for which nobody can have a handler nor ask for another action. */
const CATCHABLE = "7ffbfeff";

/**
 * Reads a status file; one that cannot be read counts as empty.
 * @param path "/proc/self/status", or that of a task
 */
export function readStatus(path: string): Status {
  try {
    return parseStatus(readTextFile(path));
  } catch {
    return parseStatus("");
  }
}

/**
 * Takes a status file apart. What is missing counts as the worst: many threads, nothing blocked,
 * a handler for all that can have one.
 */
export function parseStatus(text: string): Status {
  return {
    threads: Number(field(text, "Threads") ?? Number.POSITIVE_INFINITY),
    blocked: mask(field(text, "SigBlk") ?? "0"),
    ignored: mask(field(text, "SigIgn") ?? "0"),
    caught: mask(field(text, "SigCgt") ?? CATCHABLE),
    shadowStack: field(text, "x86_Thread_features")?.includes("shstk") ?? false,
  };
}

/**
 * A field of a status file. No process's name passes for one: the kernel escapes line breaks in it.
 */
export function field(text: string, name: string): string | undefined {
  const start = text.indexOf(`\n${name}:\t`);
  if (start === -1) return undefined;
  return text.slice(start + name.length + 3, text.indexOf("\n", start + 1));
}

/** Of the 16 hexadecimal digits, the 31 lowest bits. */
function mask(digits: string): SignalMask {
  return Number.parseInt(digits.slice(-8), 16) & 0x7fffffff;
}
