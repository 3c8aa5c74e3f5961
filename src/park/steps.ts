// What libc is to do, as data: one call after the other, and how the last ones hang together.

import {
  ITIMER_REAL,
  PR_SET_NO_NEW_PRIVS,
  PR_SET_SECCOMP,
  SECCOMP_MODE_FILTER,
  Signal,
} from "../libc/abi.ts";
import { TOP } from "../libc/contexts.ts";
import { maskOf, type SignalMask } from "../libc/signals.ts";

/** The steps that remain after the memory is gone. */
export type LastingStep =
  | "look"
  | "only"
  | "wait"
  | "take"
  | "choose"
  | "aim"
  | "go"
  | "nap"
  | "mend"
  | "mendAgain"
  | "interrupted"
  | "sayInterrupt"
  | "terminated"
  | "sayTerminated"
  | "end";

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
  | "found"
  | "target"
  | "defaultAction"
  | "everySecond"
  | "filter"
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
  /** Signals that are not blocked meanwhile. */
  readonly opens?: SignalMask;
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
  "sigandset",
  "sigpending",
  "sigwaitinfo",
  "usleep",
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
    next: "look",
    why: "from here on the kernel refuses every call but those of the steps below",
  },
] as const satisfies readonly Step[];

/** The last lines, as pause.c's, by what psignal(3) calls the signals. */
export const INTERRUPT_LINE = "Shutting down, got signal: Interrupt\n";
export const TERMINATED_LINE = "Shutting down, got signal: Terminated\n";

const STDERR = 2;

/** Short enough that nobody notices it at the end, and long enough to cost nothing. */
const NAP_MICROSECONDS = 50_000;

/** What makecontext has put on the stack for the steps of the cycle, which are the first ten. */
export const CYCLE_TOPS = 10 * TOP;

/**
 * What libc does once the memory is gone. Only thin wrappers of system calls: psignal(3), which
 * would print the line by itself, looks for a translation and calls malloc for it in some glibcs.
 *
 * Contexts know no condition, so one is made of memcpy. "found" holds which of INT and TERM are
 * pending, as sigpending says it; a wait that succeeds takes one of them and puts its siginfo_t in
 * its place, which begins with its number. The first two bytes of it become the length with which
 * "choose" copies onto "target", which is where "go" goes:
 *
 *     length                                copied                 target
 *              0  the wait failed           nothing                "nap"
 *              2  it took SIGINT,           its lowest 16 bits     "interrupted"
 *                 or SIGINT is pending
 *             15  it took SIGTERM           all, and more bytes    "terminated"
 *         0x4000  SIGTERM is pending        all, and 16 kB more    "terminated"
 *         0x4002  both are                  the same               "terminated"
 *
 * For that, "interrupted" lies within the same 64 kB as "nap", and "terminated" at the same place
 * within others; and after "target" there is room for what is copied too much.
 *
 * So a wait that fails once is nothing but a nap: what comes meanwhile stays pending, and the next
 * wait takes it. Where it fails for ever, the look after each nap sees what is pending. No handler
 * runs anywhere on this way, so no signal comes at a bad moment, and no frame of one lies where the
 * cycle finds its way.
 */
export const LASTING: readonly Step[] = [
  {
    name: "look",
    call: "sigpending",
    arguments: [{ data: "found" }],
    next: "only",
    why: "which blocked signals are pending; if that fails, found stays as it is, zero",
  },
  {
    name: "only",
    call: "sigandset",
    arguments: [{ data: "found" }, { data: "found" }, { data: "signals" }],
    next: "wait",
    why: "of these, SIGINT and SIGTERM: others may have been blocked by whoever started this",
  },
  {
    name: "wait",
    call: "sigwaitinfo",
    arguments: [{ data: "signals" }, { data: "found" }],
    next: "take",
    why: "sleeps until SIGINT or SIGTERM; if it fails, as after SIGSTOP and SIGCONT, it writes nothing",
  },
  {
    name: "take",
    call: "memcpy",
    arguments: [{ argument: 2, of: "choose" }, { data: "found" }, 2],
    next: "choose",
    why: "no more: what follows in a siginfo_t is the sender's to choose",
  },
  {
    name: "choose",
    call: "memcpy",
    arguments: [{ data: "target" }, { data: "addressOfTerminated" }, 0],
    next: "aim",
    why: "copies as many bytes as that says",
  },
  {
    name: "aim",
    call: "memcpy",
    arguments: [{ argument: 0, of: "go" }, { data: "target" }, 8],
    next: "go",
    why: "the place of this argument is too narrow for all that choose can copy",
  },
  {
    name: "go",
    call: "setcontext",
    arguments: [{ step: "nap" }],
    next: "nap",
    why: "to interrupted or terminated, according to what was copied, else to nap",
  },
  {
    name: "nap",
    call: "usleep",
    arguments: [NAP_MICROSECONDS],
    next: "mend",
    why: "so that it does not spin where the wait fails for ever",
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
    next: "look",
    why: "and that of mend",
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
    opens: maskOf(Signal.SIGALRM),
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
    opens: maskOf(Signal.SIGALRM),
    why: "the last line",
  },
  {
    name: "end",
    call: "_exit",
    arguments: [0],
    next: undefined,
    why: "and not exit: the destructors are gone",
  },
];

/** In place of the wait, where the kernel refuses it from the start. */
export const HOLD = {
  name: "wait",
  call: "pause",
  arguments: [],
  next: "take",
  opens: maskOf(Signal.SIGINT, Signal.SIGTERM),
  why: "with the signals open, and libc's _exit as their handler",
} as const satisfies Step;
