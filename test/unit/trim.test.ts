// What is given back while it waits in JavaScript, from maps of real processes.

import { expect, test } from "bun:test";
import { join } from "node:path";

import { parseMaps } from "../../src/park/maps.ts";
import { unwritten } from "../../src/park/trim.ts";

const fixture = (name: string) => Bun.file(join(import.meta.dirname, "../fixtures", name)).bytes();

/** Pairs of start and end, as text. */
function pairs(spans: readonly number[]): string[] {
  return Array.from({ length: spans.length / 2 }, (_, index) =>
    [spans[2 * index]!, spans[2 * index + 1]!].map((each) => each.toString(16)).join("-"),
  );
}

test("on x64 it is the executable's constants and code, and those of each library", async () => {
  expect(pairs(unwritten(await fixture("maps-x64.txt"))).slice(0, 6)).toEqual([
    "200000-1a39000",
    "1a40000-684a000",
    "7f48efc4e000-7f48efc5e000",
    "7f48efc5e000-7f48efcd2000",
    "7f48efd2e000-7f48efd2f000",
    "7f48efd2f000-7f48efd30000",
  ]);
});

test("nothing is given back but files' pages, none writable, none behind the code", async () => {
  for (const name of ["maps-x64.txt", "maps-arm64.txt"]) {
    const bytes = await fixture(name);
    const maps = parseMaps(new TextDecoder().decode(bytes));
    const spans = unwritten(bytes);
    expect(spans.length).toBeGreaterThan(0);
    for (let index = 0; index < spans.length; index += 2) {
      const at = maps.findIndex(({ start }) => start === spans[index]);
      const { end, permissions, name: file } = maps[at]!;
      expect(end).toBe(spans[index + 1]!);
      expect(file).toStartWith("/");
      expect(permissions).not.toContain("w");
      const isCode = permissions.includes("x");
      const before = maps.slice(0, at).filter((each) => each.name === file);
      if (!isCode) expect(before).toEqual([]);
    }
  }
});

test("what was made read-only after it was written to stays: it looks just like constants", () => {
  const lines = [
    "1000-2000 r-xp 00000000 fe:00 7 /a",
    "2000-3000 r--p 00001000 fe:00 7 /a",
    "3000-4000 rw-p 00002000 fe:00 7 /a",
    "4000-5000 r--p 00000000 fe:00 8 /b",
    "5000-6000 r-xp 00000000 fe:01 8 /c",
    "6000-7000 rwxp 00000000 00:00 0 ",
    "7000-8000 r-xp 00000000 00:00 0 [vdso]",
  ];
  const text = new TextEncoder().encode(`${lines.join("\n")}\n`);
  expect(pairs(unwritten(text))).toEqual(["1000-2000", "5000-6000"]);
});
