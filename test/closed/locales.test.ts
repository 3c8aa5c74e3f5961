// What is blank in the runtime's data about languages, nothing that runs without a locale misses.

import { expect, test } from "bun:test";

import { fixture } from "../support/executables.ts";
import { plain } from "../support/plain.ts";

function answers(executable: string, ...args: readonly string[]): string[] {
  const env = { LANG: "de_DE.UTF-8", LC_ALL: "ja_JP.UTF-8", ICU_DATA: "/tmp" };
  const { exitCode, stdout } = Bun.spawnSync([executable, ...args], { env });
  expect(exitCode).toBe(0);
  return stdout.toString().split("\n");
}

test("where no locale is named, every answer is that of the whole data", async () => {
  const [closed, whole] = [await fixture("locales"), await plain("test/fixtures/locales.ts")];
  expect(answers(closed).length).toBeGreaterThan(20);
  for (const args of [[], ["en"], ["en-US"]]) {
    expect(answers(closed, ...args)).toEqual(answers(whole, ...args.concat("en-US").slice(0, 1)));
  }
});

test("another locale gets the answers of none, and the process lives", async () => {
  const closed = answers(await fixture("locales"), "de");
  expect(closed).not.toEqual(answers(await plain("test/fixtures/locales.ts"), "de"));
  expect(closed[0]).toStartWith("Sat Jan 31 2026 ");
});
