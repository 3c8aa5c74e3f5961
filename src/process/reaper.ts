// Reaps: the orphans that were re-parented to this process, and its own child where it has one.

import {
  SA_NOCLDSTOP,
  SIG_DFL,
  SIG_IGN,
  Signal,
  WEXITED,
  WNOHANG,
  WNOWAIT,
  WUNTRACED,
} from "../libc/abi.ts";
import { getpid } from "../libc/process.ts";
import { kill, sigaction } from "../libc/signals.ts";
import { waitid, waitpid, waitStatus } from "../libc/wait.ts";
import { warn } from "../log.ts";

/** Zombies taken in one go before looking whether something else is pending. */
const BATCH = 1024;

/** Failures in a row after which a call is taken not to work at all. */
const TRIES = 3;

/** Any child. waitpid(2) */
const ANY = -1;

/** Who is told of children, and of what. */
export interface Witness {
  /** Whether children that stop count too, as do those that end. */
  readonly seesStops?: boolean;
  /**
   * Told of a child before it is reaped, while /proc still has it; must not throw. Costs a further
   * system call.
   */
  readonly ending?: ((pid: number) => void) | undefined;
  /**
   * Told of a child after that; must not throw.
   * @param status as decodeWaitStatus takes it
   */
  changed(pid: number, status: number): void;
}

/** The calls that reap a child, or any: the second is for where the first is refused. */
const CALLS: readonly ((pid: number, options: number) => number)[] = [
  waitpid,
  (pid, options) => waitid(pid, options | WEXITED),
];

let witness: Witness | undefined;
let working = 0;
let kernelReaps = false;

/**
 * Begins to reap, and goes on with reapAll at each SIGCHLD. A zombie that is older than the block
 * has sent its SIGCHLD to nobody, so the first time is now.
 */
export function startReaping(told?: Witness): void {
  witness = told;
  // Not inherited as ignored, or the kernel would reap and there would be nothing to count; and,
  // but for a witness, a child that stops or continues is no reason to wake up.
  sigaction(Signal.SIGCHLD, SIG_DFL, told?.seesStops ? 0 : SA_NOCLDSTOP);
  reapAll();
}

/**
 * Reaps every child that has ended. One SIGCHLD can stand for many of them: a signal that is
 * pending already is not queued a second time.
 *
 * Children that end as fast as they are reaped must not keep SIGTERM waiting. So a full batch
 * sends this process a SIGCHLD and returns: it stays pending, the kernel hands out the lowest
 * pending number first, and SIGINT (2) and SIGTERM (15) are below SIGCHLD (17).
 * @returns whether it can reap; if not, the kernel does
 */
export function reapAll(): boolean {
  if (kernelReaps) return false;
  try {
    // A SIGCHLD for which no child is found has every call asked: it is seldom, and a
    // zombie left is one for good.
    while ((reapBatch(reapOne) || reapBatch(byAnyCall)) === BATCH && !askAgain());
    return true;
  } catch (failure) {
    letTheKernelReap();
    warn(`Cannot reap orphans: ${(failure as Error).message}; from now on the kernel reaps them`);
    return false;
  }
}

/** Sees to it that this process looks again; where it cannot, it has to go on at once. */
function askAgain(): boolean {
  try {
    kill(getpid(), Signal.SIGCHLD);
    return true;
  } catch {
    return false;
  }
}

/**
 * Has the kernel reap by itself, from now on: with SIGCHLD ignored a child that ends leaves no
 * zombie and sends no signal. waitpid(2), Notes. What is a zombie already is reaped here, after
 * that, so that none falls between.
 */
export function letTheKernelReap(): void {
  kernelReaps = true;
  sigaction(Signal.SIGCHLD, SIG_IGN);
  try {
    while (reapBatch(reapOne) === BATCH);
  } catch {
    // Refused by either call: what is a zombie by now stays one.
  }
}

/**
 * Reaps up to BATCH children, and returns how many there were.
 * @param reap as reapOne
 * @throws {SyscallError} if it fails again and again; WNOHANG never sleeps, so that EINTR is no less
 *   a surprise than any other
 */
function reapBatch(reap: (options: number) => number): number {
  const options = witness?.seesStops ? WNOHANG | WUNTRACED : WNOHANG;
  for (let reaped = 0; reaped < BATCH; reaped++) {
    const pid = reap(options);
    if (pid === 0) return reaped;
    witness?.changed(pid, waitStatus());
  }
  return BATCH;
}

/**
 * Reaps one child, and leaves what became of it to waitStatus.
 * @param options of waitpid(2)
 * @returns its PID, or 0 where there is none to reap
 * @throws {SyscallError} of the call that fails last
 */
export function reapOne(options: number): number {
  const pid = look(options);
  if (pid === 0) return 0;
  for (let failures = 1; ; failures++) {
    try {
      return CALLS[working]!(pid, options);
    } catch (failure) {
      if (failures < TRIES) continue;
      if (working === CALLS.length - 1) throw failure;
      warn(`${(failure as Error).message}; from now on another call reaps, waitid`);
      working++;
      failures = 0;
    }
  }
}

/** Has the witness look at the child that is next; where nobody can tell which, it is any. */
function look(options: number): number {
  if (witness?.ending === undefined) return ANY;
  for (let failures = 0; failures < TRIES; failures++) {
    try {
      const pid = waitid(ANY, options | WEXITED | WNOWAIT);
      if (pid > 0) witness.ending(pid);
      return pid;
    } catch {
      // It is reaped all the same, and told of without its name.
    }
  }
  return ANY;
}

/** Reaps one child by any call that does, without a look before, and returns its PID, or 0. */
function byAnyCall(options: number): number {
  for (const call of CALLS) {
    try {
      const pid = call(ANY, options);
      if (pid > 0) return pid;
    } catch {
      // What it would say, reapOne has said.
    }
  }
  return 0;
}
