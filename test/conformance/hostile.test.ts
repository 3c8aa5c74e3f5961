// Hostile arguments and variables for the real executable: it always starts where it is to hold a
// pod, and says what is wrong in one plain line where it is to run something.

import { expect, test } from "bun:test";

import { OPTIONS } from "../../src/cli/options.ts";
import { PAUSE } from "../support/executables.ts";
import { Running } from "../support/process.ts";
import { Random } from "../support/random.ts";

const SEED = Random.seed();
console.log(`Seed of the cases: PAUSE_TEST_SEED=${SEED}`);

const NAMES = OPTIONS.filter(({ long }) => !["help", "version"].includes(long)).flatMap(
  ({ long }) => [`--${long}`, `--${long}=`],
);
const PARTS = [
  "-",
  "=",
  ":",
  "1",
  "-1",
  "1e9",
  "TERM",
  "KILL",
  "json",
  "yes",
  "",
  " ",
  "%s%n",
  "🙂",
  "\u001b[2J",
  "\n",
  "\r",
  "\u0007",
  "\u202e",
  "\ufffd",
  "x".repeat(5000),
  "../../etc/passwd",
];

/** What strays beyond plain text in what it says. */
// oxlint-disable-next-line no-control-regex
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/u;

function words(random: Random): string[] {
  return random
    .some(4, () => random.one([...NAMES, ""]) + random.some(3, () => random.one(PARTS)).join(""))
    .filter((word) => word !== "--" && !/^-[^-]*[hvV]/.test(word));
}

/** Starts it with random arguments and variables; without a signal that the parent's end sends. */
function spawn(random: Random, command: readonly string[]): Promise<Running> {
  const args = random.below(3) > 0 ? [] : words(random).filter((word) => word !== "zombies");
  const env: Record<string, string> = {};
  for (const option of OPTIONS) {
    if ("variable" in option && random.below(8) === 0)
      env[option.variable] = words(random).join("");
  }
  return Running.spawn({ command: [PAUSE, ...args, ...command], init: false, env });
}

function expectPlain(stderr: string): void {
  expect(stderr).not.toMatch(RAW);
  expect(stderr).not.toMatch(/^ +at |\bbun\b/im);
  for (const line of stderr.trimEnd().split("\n")) {
    if (line !== "" && !line.startsWith("{")) expect(line).toMatch(/^[A-Z]/);
  }
}

test("150 times without a command: it starts, waits and stops by TERM", async () => {
  for (let index = 0; index < 150; index++) {
    await using pause = await spawn(new Random(SEED + index), []);
    await pause.ready();
    const { code, stderr } = await pause.stop();
    expect({ seed: SEED + index, code }).toEqual({ seed: SEED + index, code: 0 });
    expectPlain(stderr);
  }
});

test("150 times with a command: it runs it, or exits with 2 and says why", async () => {
  const codes = new Set<number>();
  for (let index = 0; index < 150; index++) {
    const random = new Random(SEED + 1e6 + index);
    await using pause = await spawn(random, ["--", "sh", "-c", "exit 0"]);
    const { code, stderr } = await pause.ended();
    codes.add(code);
    expect({ seed: SEED + 1e6 + index, code }).toEqual({
      seed: SEED + 1e6 + index,
      code: stderr.includes("Error: ") || stderr.includes('"error"') ? 2 : 0,
    });
    expectPlain(stderr);
  }
  expect(codes).toEqual(new Set([0, 2]));
});
