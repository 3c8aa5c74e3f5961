// What libc is to do, as data: one call after the other, and how the last ones hang together.

import {
  ITIMER_REAL,
  PR_SET_NO_NEW_PRIVS,
  PR_SET_SECCOMP,
  SECCOMP_MODE_FILTER,
  Signal,
} from "../libc/abi.ts";
import { TOP } from "../libc/contexts.ts";

/** The steps that remain after the memory is gone. */
export type LastingStep =
  | "wait"
  | "choose"
  | "go"
  | "interrupted"
  | "sayInterrupt"
  | "terminated"
  | "sayTerminated"
  | "end"
  | "deafen"
  | "hold"
  | "nap"
  | "mend"
  | "mendAgain";

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
  | "signals"
  | "defaultAction"
  | "everySecond"
  | "filter"
  | "ignoreAction"
  | "cycleTops"
  | "cycleTopsAtFirst"
  | "interruptLine"
  | "terminatedLine"
  | "addressOfTerminated";

/** The steps before, each of which is made once, and only by the only thread. */
export type PassingStep = "disarm" | `release${number}` | "renounce" | "lock";

/** A step's name. Those that let go of memory are numbered. */
export type StepName = LastingStep | PassingStep;

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
  "prctl",
  "setcontext",
  "setitimer",
  "sigaction",
  "sigwait",
  "sleep",
  "write",
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
 * Come after memory is let go of, so that what did that is refused from then on too. If the kernel
 * refuses them, nothing else changes.
 */
export const LOCK = [
  {
    name: "renounce",
    call: "prctl",
    arguments: [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0],
    next: "lock",
    why: "without the promise never to gain privileges, a filter takes CAP_SYS_ADMIN",
  },
  {
    name: "lock",
    call: "prctl",
    arguments: [PR_SET_SECCOMP, SECCOMP_MODE_FILTER, { data: "filter" }],
    next: "wait",
    why: "from here on the kernel refuses every call but those of the steps below",
  },
] as const satisfies readonly Step[];

/** The first step of those that stay. */
export const WAIT = "wait";

/** The last lines, as pause.c's, by what psignal(3) calls the signals. */
export const INTERRUPT_LINE = "Shutting down, got signal: Interrupt\n";
export const TERMINATED_LINE = "Shutting down, got signal: Terminated\n";

const STDERR = 2;

/** What makecontext has put there for the steps of the cycle. */
const CYCLE_TOPS = 4 * TOP;

/**
 * What libc does once the memory is gone. Only thin wrappers of system calls: psignal(3), which
 * would print the line by itself, looks for a translation and calls malloc for it in some glibcs.
 *
 * Contexts know no condition, so one is made of memcpy. sigwait stores the signal's number, 2 or
 * 15, as the length that "choose" copies onto the address that "go" goes to, which is "deafen":
 *
 *     length                copied                      address of
 *          0, as it failed  nothing                     "deafen"
 *          2, SIGINT        its lowest 16 bits          "interrupted"
 *         15, SIGTERM       all, and an unused register "terminated"
 *
 * For that, "interrupted" lies within the same 64 kB as "deafen", and "terminated" at the same place
 * within others.
 */
export const LASTING: readonly Step[] = [
  {
    name: WAIT,
    call: "sigwait",
    arguments: [{ data: "signals" }, { argument: 2, of: "choose" }],
    next: "choose",
    why: "sleeps until SIGINT or SIGTERM; goes on after EINTR by itself",
  },
  {
    name: "choose",
    call: "memcpy",
    arguments: [{ argument: 0, of: "go" }, { data: "addressOfTerminated" }, 0],
    next: "go",
    why: "copies as many bytes as the signal's number: none if sigwait failed",
  },
  {
    name: "go",
    call: "setcontext",
    arguments: [{ step: "deafen" }],
    next: "deafen",
    why: "to interrupted or terminated, according to what was copied, else to deafen",
  },
  {
    name: "interrupted",
    call: "setitimer",
    arguments: [ITIMER_REAL, { data: "everySecond" }, 0],
    next: "sayInterrupt",
    why: "SIGALRM, whose handler does nothing, interrupts a write that blocks",
  },
  {
    name: "sayInterrupt",
    call: "write",
    arguments: [STDERR, { data: "interruptLine" }, INTERRUPT_LINE.length],
    next: "end",
    why: "the last line",
  },
  {
    name: "terminated",
    call: "setitimer",
    arguments: [ITIMER_REAL, { data: "everySecond" }, 0],
    next: "sayTerminated",
    why: "the same for SIGTERM",
  },
  {
    name: "sayTerminated",
    call: "write",
    arguments: [STDERR, { data: "terminatedLine" }, TERMINATED_LINE.length],
    next: "end",
    why: "the last line",
  },
  {
    name: "end",
    call: "_exit",
    arguments: [0],
    next: undefined,
    why: "and not exit: the destructors are gone",
  },
  {
    name: "deafen",
    call: "sigaction",
    arguments: [Signal.SIGALRM, { data: "ignoreAction" }, 0],
    next: "hold",
    why: "where sigwait fails: now no handler is left that returns, see below",
  },
  {
    name: "hold",
    call: "pause",
    arguments: [],
    next: "nap",
    why: "with the signals open, and libc's _exit as their handler",
  },
  {
    name: "nap",
    call: "sleep",
    arguments: [1],
    next: "mend",
    why: "so that it does not spin where pause fails too",
  },
  {
    name: "mend",
    call: "memcpy",
    arguments: [{ data: "cycleTops" }, { data: "cycleTopsAtFirst" }, CYCLE_TOPS],
    next: "mendAgain",
    why: "a context that was left has lost its way on: gives it back to all but itself",
  },
  {
    name: "mendAgain",
    call: "memcpy",
    arguments: [{ data: "cycleTops" }, { data: "cycleTopsAtFirst" }, CYCLE_TOPS],
    next: "hold",
    why: "and that of mend",
  },
];

/**
 * The steps that are entered again and again, in their order, which are the last. A handler that
 * returned would have had its frame where the next rounds find their way.
 */
export const CYCLE: readonly StepName[] = ["hold", "nap", "mend", "mendAgain"];
