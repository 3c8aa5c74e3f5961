// Who sent a signal, in words.

import { expect, test } from "bun:test";

import { describeSender } from "../../src/process/sender.ts";

const SI_USER = 0;
const SI_TKILL = -6;
const SI_KERNEL = 128;

test.each([
  [{ code: SI_USER, pid: 4242, uid: 1000 }, "sent by pid 4242, uid 1000"],
  [{ code: SI_TKILL, pid: 1, uid: 4294967294 }, "sent by pid 1, uid 4294967294"],
  [{ code: SI_USER, pid: 0, uid: 0 }, "sent from outside this PID namespace"],
  [{ code: SI_KERNEL, pid: 0, uid: 0 }, "sent by the kernel, as for Ctrl-C"],
])("%o is said to be %p", (sender, words) => {
  expect(describeSender(sender)).toBe(words);
});
