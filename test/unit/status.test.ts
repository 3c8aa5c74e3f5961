import { expect, test } from "bun:test";

import { parseStatus } from "../../src/process/status.ts";

test("takes threads and masks out of a status file", () => {
  const text = [
    "Name:\tpause",
    "State:\tS (sleeping)",
    "Threads:\t3",
    "SigBlk:\t0000000000014002",
    "SigIgn:\t0000000001001000",
    "SigCgt:\tfffffffe7ffbfeff",
    "",
  ].join("\n");
  expect(parseStatus(text)).toEqual({ threads: 3, blocked: 0x14002n, caught: 0xfffffffe7ffbfeffn });
});

test("takes what is missing for the worst", () => {
  expect(parseStatus("")).toEqual({ threads: Infinity, blocked: 0n, caught: 0x7fffffffn });
});
