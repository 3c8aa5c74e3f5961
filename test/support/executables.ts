// The programs under test.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { compile } from "../../build.ts";

const root = join(import.meta.dirname, "../..");

/** The real one, as npm test has built it. */
export const PAUSE = join(root, "dist/pause");

/**
 * Compiles a fixture with the flags of a release; its file is called pause too.
 * @param name of a file in test/fixtures, without its ending
 */
export async function fixture(name: string): Promise<string> {
  const directory = join(root, "dist/test", name);
  mkdirSync(directory, { recursive: true });
  const outfile = join(directory, "pause");
  await compile(join(root, "test/fixtures", `${name}.ts`), outfile);
  return outfile;
}
