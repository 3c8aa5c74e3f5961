// Hostile input for all that reads what others wrote: arguments, variables, /proc. 100,000 cases.

import { expect, test } from "bun:test";

import { asksForVersion } from "../../src/cli/version.ts";
import { readArguments, readVariable } from "../../src/cli/arguments.ts";
import { type Option, OPTIONS, readFlags, ZOMBIES_OPTIONS } from "../../src/cli/options.ts";
import { readRequest } from "../../src/cli/request.ts";
import { quote, toJson } from "../../src/log.ts";
import { safe } from "../../src/mode/zombies/words.ts";
import { parseMaps } from "../../src/park/maps.ts";
import { parseCgroup } from "../../src/process/cgroup.ts";
import { parseReapers, parseRelations } from "../../src/process/relations.ts";
import { decodeName, isZombie, looksDead, parseStat } from "../../src/process/stat.ts";
import { parseStatus } from "../../src/process/status.ts";
import { decodeWaitStatus } from "../../src/process/wait-status.ts";
import { signalName, signalNumber } from "../../src/signal-name.ts";
import { Random } from "../support/random.ts";

const SEED = Random.seed();
console.log(`Seed of the cases: PAUSE_TEST_SEED=${SEED}`);

/** What has an effect on a terminal, or ends a line of a log. */
// oxlint-disable-next-line no-control-regex
const RAW = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;

const options: readonly Option[] = [...OPTIONS, ...ZOMBIES_OPTIONS];

const PARTS = [
  ...options.flatMap(({ long, short = "-" }) => [`--${long}`, `--${long}=`, `-${short}`]),
  "-",
  "--",
  "=",
  ":",
  "+",
  " ",
  "",
  "0",
  "1",
  "9",
  "1e9",
  "-1",
  "999999999999999999999",
  ".",
  "TERM",
  "sigterm",
  "RTMIN+3",
  "SIGRTMAX-99",
  "none",
  "json",
  "text",
  "yes",
  "no",
  "NaN",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "zombies",
  "\u0130",
  "ß",
  "ﬀ",
  "\u001b[2J",
  "\u001b]0;title\u0007",
  "\r",
  "\n",
  "\t",
  "\u0000",
  "\u007f",
  "\u009b31m",
  "\u202e",
  "\u2066",
  "\u200b",
  "\ufeff",
  "\u2028",
  "\ud800",
  "\udfff",
  "🙂",
  "\u{e0041}",
  "x".repeat(300),
] as const;

const LINES = [
  "Name:\t",
  "State:\tZ (zombie)",
  "State:\tS",
  "Threads:\t1",
  "Threads:\t-1",
  "PPid:\t1",
  "SigBlk:\t0000000000014002",
  "SigIgn:\tffffffffffffffff",
  "SigCgt:\tx",
  "TracerPid:\t",
  "NSpid:\t4\t1",
  "x86_Thread_features:\tshstk",
  "0::/kubepods/besteffort/pod",
  "12:a,b:/",
  "7f00-7f10 r-xp 00000000 fd:01 12",
  "0-0 ---p 0 0:0 0 [stack]",
  "7 (",
  ") Z 1 1",
  "1 (a) R",
  `0::/libpod-${"a".repeat(64)}.scope`,
  "0::/user.slice/user@1000.service/a",
  ":",
  "::",
];

/** Bytes of any value, most of them such as have a meaning somewhere. */
function bytes(random: Random): Uint8Array {
  const make = () =>
    random.below(4) > 0
      ? Buffer.from(random.one(random.below(2) > 0 ? LINES : PARTS))
      : Uint8Array.from(random.some(8, () => random.below(256)));
  const separators = random.some(5, () => [make(), Buffer.from(random.one(["\n", " ", "", ")"]))]);
  return Buffer.concat(separators.flat());
}

/** Runs so many cases; a failure says which it was. */
async function cases(count: number, offset: number, body: (random: Random) => unknown) {
  for (let index = 0; index < count; index++) {
    try {
      const wait = body(new Random(SEED + offset + index));
      if (wait instanceof Promise) await wait;
    } catch (cause) {
      throw new Error(`Case ${index} of PAUSE_TEST_SEED=${SEED}`, { cause });
    }
  }
}

/** Words as an argument may be made of them; as the kernel does, without NUL. */
const word = (random: Random) => random.some(3, () => random.one(PARTS)).join("");

/** Fails for a text that would do something to a terminal or a log. */
function expectSafe(text: string): void {
  const [raw] = RAW.exec(text) ?? [];
  if (raw !== undefined) throw new Error(`${toJson(text)} holds ${toJson(raw)}`);
}

test("30,000 rows of arguments: all are read, and no complaint does harm", () =>
  cases(30_000, 0, (random) => {
    const args = random.some(5, () => word(random));
    const table: readonly Option[] = random.one([OPTIONS, ZOMBIES_OPTIONS]);
    asksForVersion(args);
    const { command, complaints } = readArguments(args, table);
    for (const complaint of complaints) expectSafe(complaint);
    const plain = readFlags(args, table);
    if (plain) expect(plain).toEqual({ ...plain, command: [...command] });
    const end = args.indexOf("--");
    expect([...command]).toEqual(end === -1 ? [] : args.slice(end + 1));
  }));

test("15,000 environments: each is read, and without a command pause holds", () =>
  cases(15_000, 1e6, async (random) => {
    const values = new Map(
      OPTIONS.map((option) => ["variable" in option ? option.variable : "", word(random)]),
    );
    const args = random.below(2) > 0 ? [] : ["--watch"];
    const { mode, command, complaints } = await readRequest(args, (name) => values.get(name));
    expect({ mode, command }).toEqual({ mode: "hold", command: [] });
    for (const complaint of complaints) expectSafe(complaint);
    for (const option of options) {
      if (!option.variable) continue;
      const read = readVariable(option, word(random));
      if (typeof read === "string") expectSafe(read);
    }
  }));

test("15,000 signals: a number that is one, by a name that leads back to it", () =>
  cases(15_000, 2e6, (random) => {
    const signal = signalNumber(word(random));
    if (signal === undefined) return;
    expect(signal).toBeWithin(1, 65);
    expect(signalNumber(signalName(signal))).toBe(signal);
  }));

test("30,000 files of /proc: none is taken for more than it says", () =>
  cases(30_000, 3e6, (random) => {
    const file = bytes(random);
    const text = new TextDecoder().decode(file);
    const stat = parseStat(file);
    if (stat) expect([stat.pid, stat.parent, stat.started].every(Number.isSafeInteger)).toBe(true);
    if (stat && isZombie(stat)) expect(looksDead(file, file.length)).toBe(true);
    const { blocked, ignored, caught } = parseStatus(text);
    for (const mask of [blocked, ignored, caught]) expect(mask).toBeWithin(0, 2 ** 31);
    parseRelations(text);
    parseReapers(text);
    parseCgroup(text);
    try {
      for (const { start, end } of parseMaps(text)) expect(start).toBeLessThan(end);
    } catch (failure) {
      expect((failure as Error).message).toStartWith("Cannot read the line ");
    }
    expect(["exited", "killed", "stopped", "continued"]).toContain(
      decodeWaitStatus(random.below(2 ** 32) | 0).how,
    );
  }));

test("10,000 names: never raw in a line or in JSON, and whole in JSON", () =>
  cases(10_000, 4e6, (random) => {
    const comm = bytes(random).slice(0, 64);
    const name = decodeName(comm);
    expectSafe(quote(name.name));
    expectSafe(safe(name.name, 20));
    const line = toJson(name);
    expectSafe(line);
    expect(JSON.parse(line)).toEqual(name);
    if (name.nameHex === undefined) expect(Buffer.from(name.name).equals(comm)).toBe(true);
    else expect(name.nameHex).toBe(Buffer.from(comm).toString("hex"));
  }));

test("negative control: a text that is not escaped is found", () => {
  for (const part of ["\u001b[2J", "\n", "\u202e", "\u009b31m"]) {
    expect(() => expectSafe(`Unknown argument "${part}"`)).toThrow();
  }
});
