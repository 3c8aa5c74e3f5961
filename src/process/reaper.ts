// Reaps: the orphans that were re-parented to this process.

import { SA_NOCLDSTOP, SIG_DFL, SIG_IGN, Signal, WNOHANG } from "../libc/abi.ts";
import { getpid, kill, sigaction, waitpid } from "../libc/calls.ts";
import { warn } from "../log.ts";

/** Zombies taken in one go before looking whether something else is pending. */
const BATCH = 1024;

/** Failures in a row after which waitpid is taken not to work at all. */
const TRIES = 3;

/** Any child. waitpid(2) */
const ANY = -1;

let kernelReaps = false;

/**
 * Begins to reap, and goes on with reapAll at each SIGCHLD. A zombie that is older than the block
 * has sent its SIGCHLD to nobody, so the first time is now.
 */
export function startReaping(): void {
  // Not inherited as ignored, or the kernel would reap and there would be nothing to count; and a
  // child that stops or continues is no reason to wake up.
  sigaction(Signal.SIGCHLD, SIG_DFL, SA_NOCLDSTOP);
  reapAll();
}

/**
 * Reaps every child that has ended. One SIGCHLD can stand for many of them: a signal that is
 * pending already is not queued a second time.
 *
 * Children that end as fast as they are reaped must not keep SIGTERM waiting. So a full batch
 * sends this process a SIGCHLD and returns: it stays pending, the kernel hands out the lowest
 * pending number first, and SIGINT (2) and SIGTERM (15) are below SIGCHLD (17).
 */
export function reapAll(): void {
  if (kernelReaps) return;
  try {
    if (reapBatch() === BATCH) kill(getpid(), Signal.SIGCHLD);
  } catch (failure) {
    letTheKernelReap();
    warn(`Cannot reap orphans: ${(failure as Error).message}; from now on the kernel reaps them`);
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
  let failures = 0;
  for (let reaped = 0; reaped < BATCH;) {
    try {
      if (waitpid(ANY, WNOHANG) === 0) return reaped;
      reaped++;
      failures = 0;
    } catch (failure) {
      if (++failures === TRIES) throw failure;
    }
  }
  return BATCH;
}
