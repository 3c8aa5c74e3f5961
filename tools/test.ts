// npm test: builds pause and runs every test, or those in the files and folders that are named.
//
// The last line says how many there were: "N passed, N failed, N skipped".

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { build } from "../build.ts";

await build();

const directory = mkdtempSync(join(tmpdir(), "pause-report-"));
const report = join(directory, "junit.xml");
const files = process.argv.slice(2);
const runner = Bun.spawn(
  [
    process.execPath,
    "test",
    "--timeout=120000",
    "--reporter=junit",
    `--reporter-outfile=${report}`,
    ...(files.length > 0 ? files : ["test"]),
  ],
  { stdio: ["ignore", "inherit", "inherit"] },
);
const code = await runner.exited;

/** A count from the report's outermost element. */
function count(attribute: string): number {
  const value = new RegExp(`<testsuites [^>]*\\b${attribute}="(\\d+)"`).exec(xml)?.[1];
  if (value === undefined) throw new Error(`Cannot find "${attribute}" in the report of bun test`);
  return Number(value);
}

const xml = readFileSync(report, "utf8");
rmSync(directory, { recursive: true });
const [tests, failed, skipped] = [count("tests"), count("failures"), count("skipped")];
console.log(`${tests - failed - skipped} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = code !== 0 || tests === 0 ? 1 : 0;
