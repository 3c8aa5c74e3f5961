// Row 9: what an init adds to the command that it runs.

import { type Bench, milliseconds } from "../bench.ts";
import type { Name } from "../metrics.ts";
import { relay } from "../probe.ts";
import { summarise } from "../statistics.ts";

/** Measures commands under an init, and the command alone, round by round. */
export function measureCommands({ contestants, samples, quick, progress, note }: Bench): void {
  const rounds = quick ? 5 : 30;
  const signals = 20;
  const times = new Map<Name, { start: number[]; signal: number[]; exit: number[] }>();
  for (let round = 0; round <= rounds; round++) {
    progress(`a command, round ${round} of ${rounds}`);
    for (const { name, root, runs } of contestants) {
      if (runs === undefined) continue;
      const measured = relay({ root }, signals, runs);
      if ("code" in measured) {
        if (round === 0) note(`Row 9: ${name} does not run a command: it exits ${measured.code}`);
        continue;
      }
      if (round === 0) continue; // Warms up.
      const mine = times.getOrInsertComputed(name, () => ({ start: [], signal: [], exit: [] }));
      mine.start.push(milliseconds(measured.start));
      mine.signal.push(...measured.signals.map((each) => each / 1000));
      mine.exit.push(milliseconds(measured.exit));
    }
  }
  // "c" has no init at all: the command is started, told and ended by itself.
  const alone = times.get("c");
  if (alone === undefined) throw new Error("Cannot run the command alone");
  const [start, signal, exit] = [alone.start, alone.signal, alone.exit].map(
    (each) => summarise(each).median,
  );
  for (const [name, mine] of times) {
    if (name === "c") continue;
    for (const each of mine.start) samples.add("commandStart", name, each - start!);
    for (const each of mine.signal) samples.add("commandSignal", name, each - signal!);
    for (const each of mine.exit) samples.add("commandExit", name, each - exit!);
  }
}
