// npm run soak: storms of orphans, signals and stops at random, for as long as is wanted. Fails on
// a zombie older than a second, memory that grows, a second thread, or a signal that is lost.
//
//   npm run soak -- [--seconds N] [--seed N] [--executable PATH]

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { build } from "../build.ts";
import { soak } from "../test/support/soak.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "600" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 32)) },
    executable: { type: "string" },
  },
});
const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
if (!(seconds > 0) || !Number.isSafeInteger(seed)) {
  process.stderr.write("Error: --seconds takes a number above 0, --seed a whole number\n");
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
