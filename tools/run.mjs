// Runs Bun where only Node and npm are installed: sets up what is locked, then hands over.
//
// Usage: node tools/run.mjs BUN-ARGUMENT...
// @ts-check

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";

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
  console.error("Installing the locked dependencies (Bun, zod, types, linter) ...");
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
  writeFileSync(stamp, lock);
}

const child = spawn(bun, process.argv.slice(2), { cwd: root, stdio: "inherit" });
child.on("error", (error) => refuse(`Cannot run "${bun}": ${error.message}`));
// Ctrl-C reaches the child by itself, a signal sent to this process alone does not.
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(signal, () => child.kill(signal));
}
child.on("exit", (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal ?? "SIGKILL"];
});
