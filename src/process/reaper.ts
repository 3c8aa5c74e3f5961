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
import { changedChild, getpid, kill, sigaction, waitpid, waitStatus } from "../libc/calls.ts";
import { warn } from "../log.ts";

/** Zombies taken in one go before looking whether something else is pending. */
const BATCH = 1024;

/** Failures in a row after which waitpid is taken not to work at all. */
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

let witness: Witness | undefined;
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
    if (reapBatch() === BATCH) kill(getpid(), Signal.SIGCHLD);
    return true;
  } catch (failure) {
    letTheKernelReap();
    warn(`Cannot reap orphans: ${(failure as Error).message}; from now on the kernel reaps them`);
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
    while (reapBatch() === BATCH);
  } catch {
    // waitpid is refused: what is a zombie by now stays one.
  }
}

/**
 * Reaps up to BATCH children, and returns how many there were.
 * @throws {SyscallError} if waitpid fails again and again; WNOHANG never sleeps, so that EINTR is
 *   no less a surprise than any other
 */
function reapBatch(): number {
  for (let reaped = 0; reaped < BATCH; reaped++) {
    const pid = takeOne();
    if (pid === 0) return reaped;
    witness?.changed(pid, waitStatus());
  }
  return BATCH;
}

/** Reaps one child, and returns its PID, or 0 where there is none to reap. */
function takeOne(): number {
  const options = witness?.seesStops ? WNOHANG | WUNTRACED : WNOHANG;
  for (let failures = 1; ; failures++) {
    try {
      if (witness?.ending === undefined) return waitpid(ANY, options);
      const pid = changedChild(options | WEXITED | WNOWAIT);
      if (pid === 0) return 0;
      witness.ending(pid);
      return waitpid(pid, options);
    } catch (failure) {
      if (failures === TRIES) throw failure;
    }
  }
}
