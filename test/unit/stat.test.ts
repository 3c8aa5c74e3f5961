// Names, states and parents from stat files, whatever the name holds.

import { expect, test } from "bun:test";

import { decodeName, isZombie, looksDead, parseStat } from "../../src/process/stat.ts";

/** A stat file as Linux 6.18 writes it, up to the 25th field, with a name of any bytes. */
function stat(comm: Uint8Array | string, state = "Z", threads = 1): Uint8Array {
  return Buffer.concat([
    Buffer.from("4250 ("),
    Buffer.from(comm),
    Buffer.from(
      `) ${state} 4242 4243 19148 0 -1 4227148 39 0 0 0 0 0 0 0 20 0 ${threads} 0 1144074 0 0 18446744073709551615 0\n`,
    ),
  ]);
}

const NAMES = ["sh", "", ") Z 1 (", "a) R 1 1 1", "tmux: server", "(sd-pam)", "two\nlines", "é日"];

test.each(NAMES)("takes a stat file apart whose name is %j", (name) => {
  const parsed = parseStat(stat(name));
  expect(parsed).toEqual({
    pid: 4250,
    comm: Uint8Array.from(Buffer.from(name)),
    state: "Z",
    parent: 4242,
    group: 4243,
    threads: 1,
    started: 1_144_074,
  });
  expect(decodeName(parsed?.comm ?? new Uint8Array())).toEqual({ name });
});

test("a process whose name says that it is a zombie is none", () => {
  for (const name of ["x) Z 1 1", "Z", ") Z"]) {
    const living = stat(name, "S");
    expect(looksDead(living, living.length)).toBe(false);
    expect(isZombie(parseStat(living)!)).toBe(false);
    const dead = stat(name);
    expect(looksDead(dead, dead.length)).toBe(true);
  }
});

test("what an earlier, longer file left in the buffer does not count", () => {
  const buffer = new Uint8Array(4096);
  buffer.set(stat("a long name"));
  const living = stat("sh", "S");
  buffer.set(living);
  expect(looksDead(buffer, living.length)).toBe(false);
});

test("a process whose first thread has ended while others run is no zombie", () => {
  expect(isZombie(parseStat(stat("java", "Z", 2))!)).toBe(false);
  expect(isZombie(parseStat(stat("java", "Z", 1))!)).toBe(true);
  expect(isZombie(parseStat(stat("java", "X", 0))!)).toBe(false);
});

test("a name that is not UTF-8 comes with its bytes", () => {
  expect(decodeName(Buffer.from([0x63, 0xe9, 0xff]))).toEqual({
    name: "c\ufffd\ufffd",
    nameHex: "63e9ff",
  });
  expect(decodeName(Buffer.from("\ufeffx\ufffd"))).toEqual({ name: "\ufeffx\ufffd" });
});

test("whatever is no stat file is refused, wherever it is cut", () => {
  const whole = stat("a b) c");
  const needed = Buffer.from(whole).indexOf(" 0 0 18446744073709551615");
  for (let length = 0; length < needed; length++) {
    const parsed = parseStat(whole.subarray(0, length));
    // A number may be cut short; whatever is returned is made of numbers.
    if (parsed !== undefined) expect(Number.isSafeInteger(parsed.started)).toBe(true);
  }
  expect(parseStat(whole.subarray(0, 20))).toBeUndefined();
  expect(parseStat(Buffer.from(")("))).toBeUndefined();
  expect(parseStat(new Uint8Array())).toBeUndefined();
});
