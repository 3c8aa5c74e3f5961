// What the kernel says of a process or thread in its status file. proc_pid_status(5)

import { readFile, type SignalMask } from "../libc/calls.ts";

/** The part of a status file that matters here. */
export interface Status {
  /** How many threads the process has. */
  readonly threads: number;
  /** The signals this thread blocks. */
  readonly blocked: SignalMask;
  /** The signals for which the process has a handler. */
  readonly caught: SignalMask;
}

/**
 * Reads a status file; one that cannot be read counts as empty.
 * @param path "/proc/self/status", or that of a task
 */
export function readStatus(path: string): Status {
  try {
    return parseStatus(readFile(path).toString("latin1"));
  } catch {
    return parseStatus("");
  }
}

/**
 * Takes a status file apart. What is missing counts as the worst: many threads, nothing blocked,
 * a handler for everything.
 */
export function parseStatus(text: string): Status {
  const field = (name: string) => new RegExp(`^${name}:\\s*([0-9a-f]+)$`, "m").exec(text)?.[1];
  return {
    threads: Number(field("Threads") ?? Number.POSITIVE_INFINITY),
    blocked: BigInt(`0x${field("SigBlk") ?? "0"}`),
    caught: BigInt(`0x${field("SigCgt") ?? "7fffffff"}`),
  };
}
