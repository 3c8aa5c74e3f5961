// Finds what an executable needs at run time: its loader and its libraries, where the loader finds
// them in an image, which has no cache, no configuration and no environment. ld.so(8)
//
// The loader cannot be asked itself: it does not run on a machine of another architecture.

import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

import { ARCHITECTURES, type Architecture, HOST } from "./architectures.ts";
import { Elf } from "./elf.ts";

/** A file that the image needs. */
export interface RuntimeFile {
  /** Where it is on this machine. */
  readonly source: string;
  /** Where it belongs in the image: an absolute path. */
  readonly target: string;
}

/** Debian's packages with the libraries that a Bun needs, or may come to need. */
const PACKAGES = [
  [/^(ld-linux|lib(c|m|dl|pthread|rt|util|resolv)\.so)/, "libc6"],
  [/^libgcc_s\.so/, "libgcc-s1"],
  [/^libstdc\+\+\.so/, "libstdc++6"],
  [/^libatomic\.so/, "libatomic1"],
] as const;

/** Where the files of an architecture lie: first as on a machine of its own, then for cross builds. */
const rootsOf = (arch: Architecture) => ["/", `/usr/${ARCHITECTURES[arch].triplet}`];

/**
 * The loader and the libraries of an executable, and of those libraries. All are from one root, as
 * a loader fits only the libc it comes with. Variants for newer processors (`glibc-hwcaps`) are left
 * out, so that the result does not depend on the machine it is made on.
 * @param roots folders to look for them in
 * @throws {Error} if one cannot be found, with its name and the Debian package that has it
 */
export function runtimeFiles(
  executable: string,
  arch: Architecture,
  roots: readonly string[] = rootsOf(arch),
): RuntimeFile[] {
  const interpreter = read(executable).interpreter();
  if (interpreter === undefined)
    throw new Error(`Cannot find the loader of "${executable}": it names none`);
  const root = roots.find((root) => existsSync(join(root, interpreter)));
  if (root === undefined) throw missing(interpreter, executable, roots, arch);
  const loader = { source: join(root, interpreter), target: interpreter };
  const directories = defaultDirectories(loader.source);

  const found = new Map([[basename(interpreter), loader]]);
  const queue = [executable];
  for (const file of queue) {
    const elf = read(file);
    // None of glibc's has one. Should there be one some day, a guess would be worse than this.
    if (elf.hasSearchPath())
      throw new Error(`Cannot find the libraries of "${file}": it has a search path of its own`);
    for (const name of elf.libraries()) {
      if (found.has(name)) continue;
      const target = directories
        .map((directory) => join(directory, name))
        .find((path) => isFor(join(root, path), arch));
      if (target === undefined) {
        const places = directories.map((directory) => join(root, directory));
        throw missing(name, file, places, arch);
      }
      const source = join(root, target);
      found.set(name, { source, target });
      queue.push(source);
    }
  }
  return Array.from(found.values());
}

/** The directories that a loader searches by default, in its order; they are compiled into it. */
export function defaultDirectories(loader: string): string[] {
  let best: string[] = [];
  let run: string[] = [];
  for (const text of readFileSync(loader, "latin1").split("\0")) {
    run = /^\/[\w.+/-]+\/$/.test(text) ? [...run, text] : [];
    if (run.length > best.length) best = run;
  }
  if (best.length === 0) throw new Error(`Cannot find the default directories of "${loader}"`);
  return best;
}

/** Whether there is a library for an architecture; the loader passes over those for others. */
function isFor(path: string, arch: Architecture): boolean {
  return existsSync(path) && read(path).machine === ARCHITECTURES[arch].machine;
}

function read(path: string): Elf {
  try {
    return new Elf(readFileSync(path));
  } catch (failure) {
    throw new Error(`Cannot read "${path}": ${(failure as Error).message}`, { cause: failure });
  }
}

function missing(path: string, file: string, places: readonly string[], arch: Architecture): Error {
  const { platform } = ARCHITECTURES[arch];
  const name = basename(path);
  const native = PACKAGES.find(([names]) => names.test(name))?.[1];
  const foreign = `${native}-${platform}-cross or ${native}:${platform}`;
  const advice =
    native === undefined
      ? `install the package that has it ("apt-file search ${name}" tells)`
      : `install it; in Debian it is in ${arch === HOST ? native : foreign}`;
  return new Error(
    `Cannot find "${path}", which "${file}" needs, in ${places.join(", ")}: ${advice}`,
  );
}
