// That a quoted value cannot do harm to a terminal or a log.

import { expect, test } from "bun:test";

import { quote } from "../../src/log.ts";

test.each([
  ["plain", '"plain"'],
  ['say "hi"\\', '"say \\"hi\\"\\\\"'],
  ["\u001b[31mred\n", '"\\u001b[31mred\\n"'],
  ["del\u007f csi\u009b", '"del\\u007f csi\\u009b"'],
  ["right\u202eleft", '"right\\u202eleft"'],
  ["\ud800", '"\\ud800"'],
  ["grüße 日本", '"grüße 日本"'],
])("quotes %j", (value, quoted) => {
  expect(quote(value)).toBe(quoted);
});

test("a value that is very long is quoted in part, and its length told", () => {
  expect(quote("a".repeat(200))).toBe(`"${"a".repeat(200)}"`);
  expect(quote("a".repeat(100_000))).toBe(`"${"a".repeat(200)}"... (100000 characters)`);
  expect(quote("🙂".repeat(100) + "x")).toBe(`"${"🙂".repeat(100)}"... (201 characters)`);
});

test("a quoted value never holds a control character, whatever it is", () => {
  for (let code = 0; code < 0x10000; code++) {
    expect(quote(String.fromCharCode(code))).not.toMatch(
      /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e]/u,
    );
  }
});
