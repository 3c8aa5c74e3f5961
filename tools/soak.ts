// npm run soak: storms of orphans, signals, stops and ends at random, for as long as is wanted. Fails
// on a zombie older than a second, memory that grows, a second thread, or a signal that is lost.
//
//   npm run soak -- [--seconds N] [--seed N] [--stop SECONDS] [--executable PATH]
//
// Once, each is stopped for some seconds while the storm goes on: a tenth of the time, if not said
// otherwise; a minute of ten.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { build } from "../build.ts";
import { soak } from "../test/support/soak.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "600" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 32)) },
    stop: { type: "string" },
    executable: { type: "string" },
  },
});
const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
const stop = values.stop === undefined ? seconds / 10 : Number(values.stop);
if (!(seconds > 0) || !Number.isSafeInteger(seed) || !(stop >= 0 && stop < seconds)) {
  process.stderr.write(
    "Error: --seconds takes a number above 0, --stop a smaller one, --seed a whole number\n",
  );
  process.exit(2);
}

const executable = values.executable ?? (await build());
process.stderr.write(`Soaks for ${seconds} s; again by --seed ${seed}\n`);
const load = () => readFileSync("/proc/loadavg", "utf8").split(" ")[0];
try {
  const counts = await soak({
    executable,
    seconds,
    seed,
    stop,
    progress(line) {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}, load ${load()}`);
    },
  });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  console.log(`Nothing lost: ${counts}`);
} catch (failure) {
  process.stderr.write(`\nError: ${(failure as Error).message}; again by --seed ${seed}\n`);
  process.exitCode = 1;
}
