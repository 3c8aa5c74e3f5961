// Sets up what the lock names where only Node and npm are installed, Bun included. The scripts in
// package.json run it first and then `exec bun`, so that no Node is left in between: Node puts
// SIGINT back to default before it ends, and one that comes late (npm passes on each that the
// terminal sent already) would make of pause's exit code 0 a 130.
// @ts-check

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
const arch = { x64: "x64", arm64: "aarch64" }[String(process.arch)];

/**
 * Ends with the reason and the way out.
 * @param {string} reason
 * @returns {never}
 */
function refuse(reason) {
  console.error(`Error: ${reason}`);
  process.exit(1);
}

if (process.platform !== "linux" || arch === undefined) {
  refuse(`Cannot build on ${process.platform} ${process.arch}: pause needs Linux on x64 or arm64`);
}

// What Bun's package brings for this machine. Its install script would move the file elsewhere;
// without scripts, which many people have npm ignore anyway, it is always here.
const bun = join(root, `node_modules/@oven/bun-linux-${arch}/bin/bun`);
const stamp = join(root, "node_modules/.installed-from");
const lock = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");

if (!existsSync(bun) || !existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  console.error("Installing the locked dependencies (Bun, zod, and what builds and tests) ...");
  const npm = process.env["npm_execpath"];
  const [command, ...first] = npm === undefined ? ["npm"] : [process.execPath, npm];
  const options = ["ci", "--ignore-scripts", "--include=dev", "--include=optional"];
  const { status, error } = spawnSync(command ?? "npm", [...first, ...options], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (error !== undefined)
    refuse(`Cannot run npm: ${error.message}; install npm, it comes with Node`);
  if (status !== 0) refuse("Cannot install the dependencies: see what npm says above");
  if (!existsSync(bun))
    refuse(`Cannot find "${bun}": npm left out Bun for this machine (no glibc?)`);
  // npm's own link leads to where the install script would have moved the executable.
  const link = join(root, "node_modules/.bin/bun");
  rmSync(link, { force: true });
  symlinkSync(relative(dirname(link), bun), link);
  writeFileSync(stamp, lock);
}
