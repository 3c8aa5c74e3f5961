// Rows 1 and 2: how long it takes until a program waits, and until it is gone when told.

import { type Bench, milliseconds } from "../bench.ts";
import { readAnew } from "../disk.ts";
import type { Name } from "../metrics.ts";
import { life } from "../probe.ts";

/** Measures starts and ends, one contestant after the other, round by round. */
export function measureStarts({ contestants, samples, quick, progress, note }: Bench): void {
  const rounds = quick ? 20 : 100;
  // How its file lies in the page cache decides how fast a program starts: by a fifth, here.
  const roots = new Set(contestants.map(({ root }) => root));
  // dumb-init for one loses a SIGTERM that comes before its child has a session of its own.
  const deaf = new Map<Name, number>();
  for (let round = 0; round <= rounds; round++) {
    progress(`starts and ends, round ${round} of ${rounds}`);
    if (round % 20 === 0) for (const root of roots) readAnew(root);
    for (const { name, root, holds, version } of contestants) {
      const measured = version.length > 0 ? life({ root }, version) : undefined;
      const lived = name === "empty" ? undefined : life({ root }, holds);
      if (round === 0) continue; // Warms up.
      if (measured !== undefined) {
        if (measured.code !== 0) throw new Error(`${version.join(" ")} exits ${measured.code}`);
        samples.add("version", name, milliseconds(measured.ended));
      }
      if (lived === undefined) {
        // The floor of all three: from exec until an empty program has ended.
        samples.add("armed", name, milliseconds(measured?.ended ?? 0));
        samples.add("waits", name, milliseconds(measured?.ended ?? 0));
        samples.add("cpu", name, milliseconds(measured?.cpu ?? 0));
        continue;
      }
      if (lived.waits === 0) throw new Error(`${holds.join(" ")} does not come to wait`);
      samples.add("armed", name, milliseconds(lived.armed));
      samples.add("waits", name, milliseconds(lived.waits));
      samples.add("cpu", name, milliseconds(lived.cpu));
      if (lived.signal === 0) samples.add("gone", name, milliseconds(lived.gone));
      else deaf.set(name, (deaf.get(name) ?? 0) + 1);
    }
  }
  for (const [name, times] of deaf) {
    if (times > rounds / 2) throw new Error(`${name} does not stop when told`);
    note(`${name} did not stop when told, ${times} times of ${rounds}; not counted`);
  }
}
