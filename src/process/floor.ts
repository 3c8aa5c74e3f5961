// The wait that needs nothing but pause(2), for where sigwaitinfo(2) does not work.

import { SIG_UNBLOCK, Signal } from "../libc/abi.ts";
import { pause, sigaction, SignalSet, sigprocmask, sleep } from "../libc/calls.ts";
import { addressOf, libc } from "../libc/library.ts";
import { WAITED } from "./block.ts";
import { letTheKernelReap } from "./reaper.ts";

/** Times in a row that neither call slept, before this gives up. */
const TRIES = 1000;

/**
 * Leaves everything to native code, and sleeps. The kernel reaps, and SIGINT and SIGTERM run
 * libc's `_exit` as their handler: it takes one int, the signal's number, which becomes the exit
 * code, and is async-signal-safe. Since no handler leaves anything to do, a signal between two
 * calls of pause() is not missed: here, and only here, pause() has no race.
 *
 * Where pause is refused too, the sleep after it keeps the loop from spinning. Nothing is late for
 * it, since the handlers run all the same.
 * @returns only where neither sleeps
 */
export function holdOnTheFloor(): void {
  letTheKernelReap();
  sigaction(Signal.SIGINT, addressOf(libc._exit));
  sigaction(Signal.SIGTERM, addressOf(libc._exit));
  sigprocmask(SIG_UNBLOCK, new SignalSet(WAITED));
  for (let sleepless = 0; sleepless < TRIES;) {
    pause();
    sleepless = sleep(1) === 0 ? 0 : sleepless + 1;
  }
}
