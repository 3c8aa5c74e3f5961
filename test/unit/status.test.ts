// This process's own threads and masks, from its status file.

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
    "x86_Thread_features:\tshstk wrss",
    "",
  ].join("\n");
  expect(parseStatus(text)).toEqual({
    threads: 3,
    blocked: 0x14002,
    ignored: 0x1001000,
    caught: 0x7ffbfeff,
    shadowStack: true,
  });
});

test("takes what is missing for the worst", () => {
  expect(parseStatus("")).toEqual({
    threads: Infinity,
    blocked: 0,
    ignored: 0,
    caught: 0x7fffffff & ~(1 << 8) & ~(1 << 18), // SIGKILL and SIGSTOP, which sigaction refuses,
    shadowStack: false,
  });
});
