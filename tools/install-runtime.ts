// Gets a Bun executable that package-lock.json names but npm leaves out: that for another machine.

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import lock from "../package-lock.json" with { type: "json" };
import { ARCHITECTURES, type Architecture } from "./architectures.ts";
import { lockedRuntime } from "./runtime.ts";

const modules = join(import.meta.dirname, "../node_modules");

/** What the lock says of the package with that executable. */
export function lockEntry(arch: Architecture): { version: string; integrity: string } {
  return lock.packages[`node_modules/${ARCHITECTURES[arch].bun}`];
}

/**
 * Has npm fetch the executable and check it against the lock, if it is not here yet. npm leaves out
 * packages for other machines, so it gets a project of its own that needs just this one.
 * @throws {Error} if npm fails
 */
export async function installRuntime(arch: Architecture): Promise<void> {
  if (await Bun.file(lockedRuntime(arch)).exists()) return;
  const { bun } = ARCHITECTURES[arch];
  const { version, integrity } = lockEntry(arch);
  const project = join(modules, ".foreign-bun");
  const dependencies = { [bun]: version };
  const packages = { "": { dependencies }, [`node_modules/${bun}`]: { version, integrity } };
  const files = {
    "package.json": { private: true, dependencies },
    "package-lock.json": { lockfileVersion: 3, requires: true, packages },
  };

  process.stderr.write(`Installing ${bun} ${version}, as locked ...\n`);
  rmSync(project, { recursive: true, force: true });
  mkdirSync(project, { recursive: true });
  try {
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(project, name), JSON.stringify(content));
    const npm = Bun.spawn([...npmCommand(), "ci", "--ignore-scripts"], {
      cwd: project,
      stdio: ["ignore", 2, 2],
    });
    if ((await npm.exited) !== 0) throw new Error(`Cannot install ${bun}: see what npm says above`);
    const target = join(modules, bun);
    rmSync(target, { recursive: true, force: true });
    mkdirSync(dirname(target), { recursive: true });
    renameSync(join(project, "node_modules", bun), target);
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

/** The npm that runs this, or else the one on PATH. */
function npmCommand(): string[] {
  const { npm_node_execpath: node, npm_execpath: npm } = process.env;
  return node !== undefined && npm !== undefined ? [node, npm] : ["npm"];
}
