// What libc is to do, as data: one call after the other, and how the last ones hang together.

import { ITIMER_REAL, Signal } from "../libc/abi.ts";

/** The steps that remain after the memory is gone. */
export type LastingStep =
  "wait" | "choose" | "go" | "tell" | "catch" | "time" | "say" | "end" | "hold" | "nap";

/** An argument of a step: a number, or a place that gets its address when contexts are made. */
export type Argument =
  | number
  /** The argument that another step has saved: a step can write what a later one is called with. */
  | { readonly argument: 0 | 1 | 2; readonly of: StepName }
  /** Another step, for setcontext. */
  | { readonly step: StepName }
  /** A constant. */
  | { readonly data: DataName };

/** The constants in memory that steps refer to. */
export type DataName =
  "signals" | "message" | "defaultAction" | "alarmAction" | "alarmInterval" | "addressOfTell";

/** A step's name. Those that let go of memory are numbered. */
export type StepName = LastingStep | "disarm" | `release${number}`;

/** One call of a libc function; when it returns, the next step begins. */
export interface Step {
  readonly name: StepName;
  readonly call: Call;
  readonly arguments: readonly Argument[];
  readonly next: StepName | undefined;
  readonly why: string;
}

/** The functions that steps call; getpid is a signal handler that does nothing. */
export const CALLS = [
  "_exit",
  "getpid",
  "madvise",
  "memcpy",
  "munmap",
  "pause",
  "psignal",
  "setcontext",
  "setitimer",
  "sigaction",
  "sigwait",
  "sleep",
] as const;

/** One of them. */
export type Call = (typeof CALLS)[number];

/**
 * Comes before memory is let go of. The collector has a handler for SIGPWR, and may need it as long
 * as there is another thread; without one it would be the last way into memory that is gone.
 */
export const DISARM = {
  name: "disarm",
  call: "sigaction",
  arguments: [Signal.SIGPWR, { data: "defaultAction" }, 0],
  why: "the last handler of the runtime's",
} as const satisfies Omit<Step, "next">;

/**
 * What libc does once the memory is gone. Contexts know no condition, so one is made of memcpy:
 * sigwait stores the signal's number, 2 or 15, as the length that "choose" copies. 0, when it has
 * failed, copies nothing, and "go" goes to "hold". With 2 or more the pointer to "hold" becomes one
 * to "tell": the two lie within the same 64 kB, so that their addresses differ in the lowest two
 * bytes only. 15 runs over into the next saved register, which "go" does not use.
 */
export const LASTING: readonly Step[] = [
  {
    name: "wait",
    call: "sigwait",
    arguments: [{ data: "signals" }, { argument: 2, of: "choose" }],
    next: "choose",
    why: "sleeps until SIGINT or SIGTERM; goes on after EINTR by itself",
  },
  {
    name: "choose",
    call: "memcpy",
    arguments: [{ argument: 0, of: "go" }, { data: "addressOfTell" }, 0],
    next: "go",
    why: "copies as many bytes as the signal's number: none if sigwait failed",
  },
  {
    name: "go",
    call: "setcontext",
    arguments: [{ step: "hold" }],
    next: "hold",
    why: 'goes to "tell" if those were copied, else to "hold"',
  },
  {
    name: "tell",
    call: "memcpy",
    arguments: [{ argument: 0, of: "say" }, { argument: 2, of: "choose" }, 4],
    next: "catch",
    why: "the signal's number is what psignal is called with",
  },
  {
    name: "catch",
    call: "sigaction",
    arguments: [Signal.SIGALRM, { data: "alarmAction" }, 0],
    next: "time",
    why: "SIGALRM interrupts a write that blocks, and does nothing else",
  },
  {
    name: "time",
    call: "setitimer",
    arguments: [ITIMER_REAL, { data: "alarmInterval" }, 0],
    next: "say",
    why: "every second, should the first come before the write",
  },
  {
    name: "say",
    call: "psignal",
    arguments: [0, { data: "message" }],
    next: "end",
    why: "the last line, as pause.c's",
  },
  {
    name: "end",
    call: "_exit",
    arguments: [0],
    next: undefined,
    why: "and not exit: the destructors are gone",
  },
  {
    name: "hold",
    call: "pause",
    arguments: [],
    next: "nap",
    why: "where sigwait fails: with the signals open, and libc's _exit as their handler",
  },
  {
    name: "nap",
    call: "sleep",
    arguments: [1],
    next: "hold",
    why: "so that it does not spin where pause fails too",
  },
];

/** The steps that are entered again and again, and so need a stack that no other step uses. */
export const CYCLE: readonly StepName[] = ["hold", "nap"];
