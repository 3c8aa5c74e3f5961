// What is said of an orphan, when what was looked at last is another process.

import { expect, test } from "bun:test";
import { join } from "node:path";

const ORPHANS = join(import.meta.dirname, "../../src/process/orphans.ts");

/** What is said on stderr of an orphan that is reaped after a look at a process. */
function said(lookedAt: number, reaped: number): string {
  const program = `import { Orphans } from ${JSON.stringify(ORPHANS)};
    const orphans = new Orphans(true);
    orphans.ending(${lookedAt});
    orphans.reap(${reaped}, 7 << 8);`;
  return Bun.spawnSync([process.execPath, "-e", program]).stderr.toString();
}

test("it has the name that was seen, of the process that was looked at and of no other", () => {
  const own = process.pid;
  expect(said(own, own)).toMatch(/^Reaped orphan \d+ "[^"]+".*: exited with 7\n$/);
  expect(said(own, own + 1)).toBe(`Reaped orphan ${own + 1}: exited with 7\n`);
});
