// Rows 8 and 3: as many as a node has, at once; and what they and the others do while idle.

import { type Bench, kilobytes, milliseconds, rest } from "../bench.ts";
import { MemoryCgroup } from "../cgroup.ts";
import { warmRoot } from "../disk.ts";
import type { Name } from "../metrics.ts";
import { cpuOf, memoryOf, switchesOf, threadsOf } from "../proc.ts";
import { Held } from "../probe.ts";

const COUNTS = [
  [50, "node50", "charged50", "ready50"],
  [250, "node250", "charged250", "ready250"],
  [500, "node500", "charged500", "ready500"],
] as const;

/** Who holds pods without a command. */
const HOLDERS: readonly Name[] = ["pause", "watch", "catatonit", "c"];

/** Measures crowds, one after the other. */
export async function measureNode(bench: Bench): Promise<void> {
  const { contestants, samples, quick, controller, progress } = bench;
  for (const [count, memory, charged, ready] of COUNTS) {
    if (quick && count > 50) continue;
    for (const { name, root, holds } of contestants) {
      if (!HOLDERS.includes(name)) continue;
      progress(`${count} at once: ${name}`);
      warmRoot(root);
      using cgroup = controller && new MemoryCgroup(controller);
      await using held = await Held.start({ root, cgroup: cgroup?.procs }, count, holds);
      await rest();
      const sum = held.pids.reduce((total, pid) => total + memoryOf(pid).proportional, 0);
      samples.add(memory, name, sum / 1024);
      samples.add(ready, name, milliseconds(held.ready));
      if (cgroup !== undefined) {
        samples.add(charged, name, kilobytes((await cgroup.charged()).usage) / 1024);
      }
    }
  }
}

/** Measures what is done while there is nothing to do: by one of each, and by a crowd of ours. */
export async function measureIdleness(bench: Bench): Promise<void> {
  const { contestants, samples, quick, progress } = bench;
  const seconds = quick ? 10 : 60;
  const count = quick ? 50 : 500;
  await using stack = new AsyncDisposableStack();
  const watched: { name: Name; pid: number }[] = [];
  let crowd: readonly number[] = [];
  for (const { name, root, holds } of contestants) {
    watched.push({ name, pid: stack.use(await Held.start({ root }, 1, holds)).pid });
    if (name === "pause") crowd = stack.use(await Held.start({ root }, count, holds)).pids;
  }
  const look = () => ({
    each: watched.map(({ pid }) => ({ switches: switchesOf(pid), cpu: cpuOf(pid) })),
    crowd: crowd.reduce((sum, pid) => sum + switchesOf(pid), 0),
  });
  await rest();
  const before = look();
  for (let second = 0; second < seconds; second++) {
    progress(`idle for ${seconds - second} s`);
    await Bun.sleep(1000);
  }
  const after = look();
  const aMinute = 60 / seconds;
  for (const [index, { name, pid }] of watched.entries()) {
    const [begin, end] = [before.each[index]!, after.each[index]!];
    samples.add("wakeups", name, aMinute * (end.switches - begin.switches));
    samples.add("idleCpu", name, (aMinute * (end.cpu - begin.cpu)) / 1000);
    samples.add("threads", name, threadsOf(pid));
  }
  samples.add("nodeWakeups", "pause", aMinute * (after.crowd - before.crowd));
}
