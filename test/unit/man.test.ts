// The manual, in step with the option tables.

import { expect, test } from "bun:test";

import { manual, MANUAL } from "../../tools/man.ts";
import { needing } from "../support/needs.ts";

test("docs/pause.1 is made from the option tables as they are", async () => {
  expect(await Bun.file(MANUAL).text()).toBe(manual());
});

needing("groff")("the manual page is read without a warning, and fits 80 columns", () => {
  const command = ["groff", "-man", "-Tutf8", "-ww", "-rLL=79n", "-P-cbou", MANUAL];
  const { stdout, stderr } = Bun.spawnSync(command);
  expect(stderr.toString()).toBe("");
  const lines = stdout.toString().split("\n");
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.join("\n")).toContain("--map-exit CODE[:TO]");
});
