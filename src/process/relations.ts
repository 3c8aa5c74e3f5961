// What a process does about its children, and who may do something about it. proc_pid_status(5)

import { Signal } from "../libc/abi.ts";
import { maskOf } from "../libc/signals.ts";
import { field, parseStatus } from "./status.ts";

/** What a process does about SIGCHLD. */
export interface Relations {
  /** The disposition; with "ignores" the kernel reaps, but not what was a zombie before. */
  readonly sigchld: "catches" | "ignores" | "defaults" | "unknown";
  /** Its first thread blocks SIGCHLD: it may take it by sigwaitinfo(2) or signalfd(2). */
  readonly blocked: boolean;
  /** Whoever traces it, 0 for nobody. */
  readonly tracer: number;
  /** It is PID 1 of a PID namespace. */
  readonly init: boolean;
}

const CHLD = maskOf(Signal.SIGCHLD);

/** Takes what matters here out of a status file; "" if that cannot be read. */
export function parseRelations(text: string): Relations {
  const { blocked, ignored, caught } = parseStatus(text);
  const disposition =
    (caught & CHLD) !== 0 ? "catches" : (ignored & CHLD) !== 0 ? "ignores" : "defaults";
  return {
    sigchld: field(text, "SigCgt") === undefined ? "unknown" : disposition,
    blocked: (blocked & CHLD) !== 0,
    tracer: Number(field(text, "TracerPid") ?? 0),
    // Its PIDs, from that of /proc's namespace down to that of its own.
    init: field(text, "NSpid")?.split("\t").at(-1) === "1",
  };
}

/** Who has to reap a zombie. */
export interface Reapers {
  readonly parent: number;
  /** The one that has to first; 0 for nobody. ptrace(2) */
  readonly tracer: number;
}

/**
 * Takes the reapers out of a zombie's status file, of which the first 512 bytes are enough.
 * @returns undefined for a process that is no zombie, and for ""
 */
export function parseReapers(text: string): Reapers | undefined {
  if (!field(text, "State")?.startsWith("Z")) return undefined;
  const parent = Number(field(text, "PPid") ?? Number.NaN);
  return Number.isNaN(parent)
    ? undefined
    : { parent, tracer: Number(field(text, "TracerPid") ?? 0) };
}
