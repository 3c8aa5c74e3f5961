// Row 4: what a program that waits has in memory, and what its pod is charged.

import { type Bench, kilobytes, rest } from "../bench.ts";
import { MemoryCgroup } from "../cgroup.ts";
import { evictRoot, UsualReadAhead, warmRoot } from "../disk.ts";
import { memoryOf } from "../proc.ts";
import { Held } from "../probe.ts";

/**
 * So many in one cgroup: the kernel charges ahead, up to 256 kB for each CPU, which is in the count
 * until it is used and would hide what one of them needs.
 */
const TOGETHER = 20;

/** Measures memory, one contestant after the other, round by round. */
export async function measureMemory(bench: Bench): Promise<void> {
  const { contestants, samples, quick, controller, progress, note } = bench;
  if (controller === undefined)
    note("No memory cgroup can be made (it takes root): charges left out");
  const rounds = quick ? 2 : 5;
  for (let round = 1; round <= rounds; round++) {
    progress(`memory, round ${round} of ${rounds}`);
    for (const { name, root, holds } of contestants) {
      warmRoot(root);
      {
        await using held = await Held.start({ root }, 1, holds);
        await rest();
        const { anonymous, resident, proportional } = memoryOf(held.pid);
        samples.add("anonymous", name, anonymous);
        samples.add("resident", name, resident);
        samples.add("proportional", name, proportional);
      }
      if (controller === undefined) continue;
      {
        using cgroup = new MemoryCgroup(controller);
        await using _ = await Held.start({ root, cgroup: cgroup.procs }, TOGETHER, holds);
        await rest();
        const { usage } = await cgroup.charged();
        samples.add("chargedWarm", name, kilobytes(usage) / TOGETHER);
      }
      {
        evictRoot(root);
        using cgroup = new MemoryCgroup(controller);
        using readAhead = new UsualReadAhead(root);
        if (!readAhead.known && round === 1)
          note("The disk's read-ahead is not known, and left as it is");
        await using _ = await Held.start({ root, cgroup: cgroup.procs }, 1, holds);
        await rest();
        const { usage, workingSet } = await cgroup.charged();
        samples.add("chargedCold", name, kilobytes(usage));
        samples.add("workingSet", name, kilobytes(workingSet));
      }
    }
  }
}
