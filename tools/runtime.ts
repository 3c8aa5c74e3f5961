// Makes of the locked Bun executable the runtime that a release is built on: one that knows no
// environment, has only the locale data that it can use, and asks nobody to send data anywhere.
//
// Taking in a new version of Bun: change RUNTIMES to its version, sizes and hashes (a build says
// what it has found); build, and if a patch does not find what it expects, read what has become of
// it; then run all tests for both architectures. Nothing but these patches may differ.

import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { ARCHITECTURES, type Architecture } from "./architectures.ts";
import { Elf } from "./elf.ts";
import { type Patch, PATCHES } from "./patches.ts";

/** The executables that the patches were written for. */
const RUNTIMES = {
  x64: {
    version: "1.4.5",
    size: 107_394_952,
    sha256: "f05d28a3862f4b84395c7fa32480b835dd47482e80b7e7a49a115227f0c06083",
  },
  arm64: {
    version: "1.4.5",
    size: 107_405_304,
    sha256: "04778f1f42399a69d086853e9c7af4acf574b2f21a43d0dc673853d8b84a2923",
  },
} as const satisfies Record<Architecture, object>;

const modules = join(import.meta.dirname, "../node_modules");

/** Where npm has put the locked executable. */
export function lockedRuntime(arch: Architecture): string {
  return join(modules, ARCHITECTURES[arch].bun, "bin/bun");
}

/**
 * Patches a copy of the locked executable. The copy is kept, under a name made of all that goes
 * into it, and made again when any of that changes.
 * @param executable Bun's, as npm has put it
 * @returns the path of the copy
 * @throws {Error} if it is another executable, or a patch does not find exactly what it expects
 */
export async function closeRuntime(executable: string, arch: Architecture): Promise<string> {
  const image = Buffer.from(await Bun.file(executable).arrayBuffer());
  check(executable, image, arch);
  const sources = ["elf.ts", "locales.ts", "patches.ts", "runtime.ts"].map((name) =>
    join(import.meta.dirname, name),
  );
  const texts = await Promise.all(sources.map((path) => Bun.file(path).text()));
  const key = sha256(RUNTIMES[arch].sha256 + texts.join("")).slice(0, 16);
  const closed = join(modules, `.cache/pause/${arch}-${key}`);
  if (await Bun.file(closed).exists()) return closed;

  for (const patch of PATCHES) applyPatch(patch, image, arch);
  await mkdir(dirname(closed), { recursive: true });
  const unfinished = join(dirname(closed), `unfinished-${process.pid}`);
  try {
    await Bun.write(unfinished, image, { mode: 0o755 });
    await rename(unfinished, closed);
    for await (const name of new Bun.Glob(`${arch}-*`).scan(dirname(closed))) {
      if (!closed.endsWith(`/${name}`)) await rm(join(dirname(closed), name), { force: true });
    }
  } finally {
    await rm(unfinished, { force: true });
  }
  return closed;
}

/**
 * Applies a patch, in place.
 * @throws {Error} if it does not find what it expects, as often as it expects
 */
export function applyPatch(patch: Patch, image: Buffer, arch: Architecture): void {
  const { length } = image;
  let found: number;
  try {
    found = patch.apply(image, arch, new Elf(image));
  } catch (failure) {
    throw new Error(`Cannot patch Bun (${patch.what}): ${(failure as Error).message}`);
  }
  if (found !== patch.count || image.length !== length) {
    throw new Error(`Cannot patch Bun (${patch.what}): found ${found}, expected ${patch.count}`);
  }
}

/** @throws {Error} if it is not the executable that the patches were written for */
function check(path: string, image: Buffer, arch: Architecture): void {
  const expected = RUNTIMES[arch];
  const found = {
    version: versionOf(image),
    size: image.length,
    sha256: sha256(image),
  };
  for (const property of ["version", "size", "sha256"] as const) {
    if (found[property] === expected[property]) continue;
    throw new Error(
      `Cannot build on "${path}": its ${property} is ${found[property]}, not ` +
        `${expected[property]}; run npm ci, or see tools/runtime.ts for how to take in a new Bun`,
    );
  }
}

/** The version that it says it is, where it names the platform too: "Bun v1.2.3 (Linux x64)". */
function versionOf(image: Buffer): string {
  for (let at = 0; (at = image.indexOf("Bun v", at)) !== -1; at++) {
    const version = /^Bun v([\d.]+) \(Linux/.exec(image.toString("latin1", at, at + 32))?.[1];
    if (version !== undefined) return version;
  }
  return "none";
}

function sha256(data: string | Buffer): string {
  return new Bun.CryptoHasher("sha256").update(data).digest("hex");
}
