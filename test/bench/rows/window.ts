// Row 10: what becomes of a SIGTERM that comes before a program is armed, and for how long.

import { type Bench, milliseconds } from "../bench.ts";
import { readAnew } from "../disk.ts";
import type { Name } from "../metrics.ts";
import { window } from "../probe.ts";

const HOLDERS: readonly Name[] = ["pause", "catatonit", "tini", "c"];

const ROLES = [
  ["init", "dropped", "droppedLatest"],
  ["other", "fatal", "fatalLatest"],
] as const;

/** Measures the windows, one contestant after the other, round by round. */
export function measureWindow({ contestants, samples, quick, progress }: Bench): void {
  const rounds = quick ? 1 : 5;
  const step = quick ? 500_000 : 100_000;
  const holders = contestants.filter(({ name }) => HOLDERS.includes(name));
  for (const { root } of holders) readAnew(root);
  for (let round = 1; round <= rounds; round++) {
    for (const { name, root, holds } of holders) {
      for (const [role, duration, latest] of ROLES) {
        progress(`SIGTERM before it is armed, round ${round} of ${rounds}: ${name}`);
        const deaf = window({ root }, role, step, holds);
        samples.add(duration, name, milliseconds(deaf.mean));
        samples.add(latest, name, milliseconds(deaf.latest));
      }
    }
  }
}
