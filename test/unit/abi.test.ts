// The numbers of abi.ts against those of this system, as the runtime has them from its headers.

import { expect, test } from "bun:test";
import { FFIType } from "bun:ffi";
import { constants } from "node:os";

import { Errno, Signal } from "../../src/libc/abi.ts";
import { blockAtOnce, SIGNALS, TYPES } from "../../src/libc/at-once.ts";
import { WAITED } from "../../src/process/mask.ts";

test("every signal number is the one of this system", () => {
  for (const [name, number] of Object.entries(Signal)) {
    expect<unknown>([name, number]).toEqual([name, constants.signals[name as NodeJS.Signals]]);
  }
  expect<number[]>(Object.values(Signal)).toEqual(
    Array.from({ length: 31 }, (_, index) => index + 1),
  );
});

test("every error number is the one of this system", () => {
  for (const [name, number] of Object.entries(Errno)) {
    const expected = constants.errno[name as keyof typeof constants.errno];
    expect<unknown>([name, number]).toEqual([name, expected]);
  }
});

test("what is blocked at once is what is waited for, by the types that bun:ffi has", () => {
  expect(SIGNALS).toBe(WAITED);
  const none = 0;
  expect(blockAtOnce(none)).toEqual([expect.any(Number), expect.any(Number)]);
  for (const [name, number] of Object.entries(TYPES)) {
    expect<unknown>([name, number]).toEqual([name, FFIType[name as keyof typeof TYPES]]);
  }
});
