// What somebody meant who mistyped, and where no guess is better.

import { expect, test } from "bun:test";

import { nearest } from "../../src/cli/nearest.ts";

const OPTIONS = ["--help", "--version", "--watch"];

test.each([
  ["--hepl", "--help"],
  ["--hel", "--help"],
  ["--helpp", "--help"],
  ["-help", "--help"],
  ["help", "--help"],
  ["--HELP", "--help"],
  ["--verison", "--version"],
  ["--vresino", "--version"],
  ["--quiet", undefined],
  ["h", undefined],
  ["", undefined],
  ["--", undefined],
])("%p is near %p", (typed, meant) => {
  expect(nearest(typed, OPTIONS)).toBe(meant);
});

test("the nearest of several wins", () => {
  expect(nearest("watches", ["--watch", "--watched", "--batches"])).toBe("--watched");
});
