import { expect, test } from "bun:test";
import { constants } from "node:os";

import { Errno, Signal } from "../../src/libc/abi.ts";

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
