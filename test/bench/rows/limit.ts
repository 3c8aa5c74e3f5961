// Row 5: the smallest memory limit that a program starts and reaps under, from a cold page cache.

import { type Bench, milliseconds } from "../bench.ts";
import { type Controller, MemoryCgroup } from "../cgroup.ts";
import type { Contestant } from "../contestants.ts";
import { evictRoot, UsualReadAhead } from "../disk.ts";
import { childrenOf, isZombie } from "../proc.ts";
import { Held, orphans } from "../probe.ts";

/** What is tried, in MB, from the least. */
const LIMITS = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8, 12, 16, 24, 32];

/** In a quick run: what starts under less is not told apart. */
const FEWER = [3, 4, 6, 8, 16, 32];

/** The limit at which the time matters, in MB. */
const SMALL = 3;

/** How long a start may take, in seconds. */
const PATIENCE = 5;

/** Measures the smallest limit, at which all starts must go well, and the time it takes at 3 MB. */
export async function measureLimits(bench: Bench): Promise<void> {
  const { contestants, samples, quick, controller, progress, note } = bench;
  if (controller === undefined) return; // Noted by row 4.
  const tries = quick ? 1 : 10;
  for (const contestant of contestants) {
    const { name } = contestant;
    for (const limit of quick ? FEWER : LIMITS) {
      progress(`a limit of ${limit} MB, cold: ${name}`);
      const times: number[] = [];
      let went = 0;
      for (; went < tries; went++) {
        const time = await coldStart(contestant, controller, limit);
        if (time === undefined) break;
        times.push(time);
      }
      if (limit === SMALL) {
        for (const time of times) samples.add("readyAtThree", name, time);
        if (went < tries)
          note(`${name} does not always start under ${SMALL} MB within ${PATIENCE} s`);
      }
      if (went < tries) continue;
      samples.add("smallest", name, limit);
      for (const time of times) samples.add("readyAtSmallest", name, time);
      // What starts under less is as fast under more.
      if (limit < SMALL) for (const time of times) samples.add("readyAtThree", name, time);
      break;
    }
  }
}

/**
 * Starts it once, has it reap, and stops it.
 * @returns the milliseconds until it waited; undefined if anything did not work
 */
async function coldStart(
  { name, root, holds }: Contestant,
  controller: Controller,
  megabytes: number,
): Promise<number | undefined> {
  evictRoot(root);
  using cgroup = new MemoryCgroup(controller, megabytes * 1024 * 1024);
  using _ = new UsualReadAhead(root);
  try {
    await using held = await Held.start(
      { root, cgroup: cgroup.procs, patience: PATIENCE },
      1,
      holds,
    );
    if (name === "empty") return milliseconds(held.ready); // It reaps nobody.
    const children = childrenOf(held.pid).length;
    orphans(held.pid, 100);
    if (!(await comesTrue(() => childrenOf(held.pid).length === children))) return undefined;
    process.kill(held.pid, "SIGTERM");
    if (!(await comesTrue(() => isZombie(held.pid)))) return undefined;
    return milliseconds(held.ready);
  } catch {
    return undefined; // Killed for want of memory, or too slow.
  }
}

async function comesTrue(condition: () => boolean): Promise<boolean> {
  const end = Date.now() + 1000 * PATIENCE;
  while (Date.now() < end) {
    if (condition()) return true;
    await Bun.sleep(5);
  }
  return false;
}
