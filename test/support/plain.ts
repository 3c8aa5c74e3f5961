// The plain compile, as negative control: what Bun makes of the same program without our options
// and patches.

import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";

import packageJson from "../../package.json" with { type: "json" };

const root = join(import.meta.dirname, "../..");
const made = new Map<string, Promise<string>>();

/**
 * Compiles a program in Bun's plain way, once.
 * @param entry its path in this project
 * @returns the executable, which is called pause too
 */
export function plain(entry: string): Promise<string> {
  const outfile = join(root, "dist/test/plain", entry.replace(/\W/g, "-"), "pause");
  const compiled = made.get(outfile) ?? compile(join(root, entry), outfile);
  made.set(outfile, compiled);
  return compiled;
}

async function compile(entry: string, outfile: string): Promise<string> {
  mkdirSync(dirname(outfile), { recursive: true });
  await Bun.build({
    entrypoints: [entry],
    define: { PAUSE_VERSION: JSON.stringify(packageJson.version) },
    compile: { outfile },
  });
  return outfile;
}
