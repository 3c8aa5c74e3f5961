// Row 6: what it costs to reap, and whether anything is left.

import type { Bench } from "../bench.ts";
import { childrenOf, cpuOf, memoryOf, threadsOf } from "../proc.ts";
import { Held, orphans } from "../probe.ts";

const COUNTS = [
  [1000, "orphan1k"],
  [10_000, "orphan10k"],
  [100_000, "orphan100k"],
] as const;

const MILLION = 1_000_000;

/** How long the last ones have to be reaped, in milliseconds. */
const PATIENCE = 2000;

/** Measures reaping, one contestant after the other. */
export async function measureReaping(bench: Bench): Promise<void> {
  const { contestants, samples, quick, progress } = bench;
  for (const [count, metric] of COUNTS) {
    if (quick && count > 10_000) continue;
    const rounds = quick || count > 10_000 ? 1 : 3;
    for (let round = 1; round <= rounds; round++) {
      for (const { name, root, holds } of contestants) {
        if (name === "empty") continue; // It reaps nobody.
        progress(`${count} orphans, round ${round} of ${rounds}: ${name}`);
        await using held = await Held.start({ root }, 1, holds);
        const { cpu, left } = await reap(held.pid, count);
        samples.add(metric, name, cpu / count / 1000);
        samples.add("left", name, left);
      }
    }
  }
  if (quick) return;
  for (const { name, root, holds } of contestants) {
    if (name !== "pause" && name !== "watch") continue; // The others have no runtime to grow.
    progress(`a million orphans: ${name}`);
    await using held = await Held.start({ root }, 1, holds);
    await reap(held.pid, 1000); // What it needs once, it has then.
    const before = memoryOf(held.pid).anonymous;
    await reap(held.pid, MILLION, 20);
    samples.add("grown", name, Math.max(0, memoryOf(held.pid).anonymous - before));
    samples.add("stormThreads", name, threadsOf(held.pid));
  }
}

/** Makes orphans, and waits until they are gone: the CPU time it took the init, and what stays. */
async function reap(init: number, count: number, each = 1): Promise<{ cpu: number; left: number }> {
  const children = childrenOf(init).length;
  const before = cpuOf(init);
  orphans(init, count, each);
  const left = () => childrenOf(init).length - children;
  for (const end = Date.now() + PATIENCE; left() > 0 && Date.now() < end;) await Bun.sleep(5);
  return { cpu: cpuOf(init) - before, left: left() };
}
