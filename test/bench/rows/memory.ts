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

/** Measures memory, all contestants at once, since each must come to rest; round by round. */
export async function measureMemory(bench: Bench): Promise<void> {
  const { controller, quick, progress, note } = bench;
  if (controller === undefined) note("No memory cgroup can be made here: charges are left out");
  const rounds = quick ? 2 : 5;
  for (let round = 1; round <= rounds; round++) {
    progress(`memory, round ${round} of ${rounds}`);
    await measureSizes(bench);
    if (controller === undefined) continue;
    await measureCharges(bench, TOGETHER, ({ name, usage }) => {
      bench.samples.add("chargedWarm", name, kilobytes(usage) / TOGETHER);
    });
    for (const { root } of bench.contestants) evictRoot(root);
    await measureCharges(bench, 1, ({ name, usage, workingSet }) => {
      bench.samples.add("chargedCold", name, kilobytes(usage));
      bench.samples.add("workingSet", name, kilobytes(workingSet));
    });
  }
}

/** One of each; none shares a file with another. */
async function measureSizes({ contestants, samples }: Bench): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const held = [];
  for (const { name, root, holds } of contestants) {
    warmRoot(root);
    held.push({ name, pid: stack.use(await Held.start({ root }, 1, holds)).pid });
  }
  await rest();
  for (const { name, pid } of held) {
    const { anonymous, resident, proportional } = memoryOf(pid);
    samples.add("anonymous", name, anonymous);
    samples.add("resident", name, resident);
    samples.add("proportional", name, proportional);
  }
}

/** So many of each, each kind in a cgroup of its own. */
async function measureCharges(
  { contestants, controller, note }: Bench,
  count: number,
  take: (charged: {
    readonly name: (typeof contestants)[number]["name"];
    readonly usage: number;
    readonly workingSet: number;
  }) => void,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const held = [];
  for (const { name, root, holds } of contestants) {
    const cgroup = stack.use(new MemoryCgroup(controller!));
    using readAhead = new UsualReadAhead(root);
    if (!readAhead.known) note("The disk's read-ahead is not known, and left as it is");
    stack.use(await Held.start({ root, cgroup: cgroup.procs }, count, holds));
    held.push({ name, cgroup });
  }
  await rest();
  for (const { name, cgroup } of held) take({ name, ...(await cgroup.charged()) });
}
