// Builds dist/pause, the executable for this machine, and dist/rootfs-*, what an image consists of.

import { chmod, copyFile, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import packageJson from "./package.json" with { type: "json" };
import { ARCHITECTURES, type Architecture, HOST } from "./tools/architectures.ts";
import { runtimeFiles } from "./tools/loader.ts";
import { closeRuntime, lockedRuntime } from "./tools/runtime.ts";

/**
 * Compiles an entry file into an executable, the way a release is.
 * @param entry the TypeScript file
 * @param outfile where to; its last part is embedded, so two builds are the same bytes only under
 *   the same name, and that is "pause"
 * @throws {AggregateError} what the bundler says
 */
export async function compile(
  entry: string,
  outfile: string,
  arch: Architecture = HOST,
): Promise<void> {
  await Bun.build({
    entrypoints: [entry],
    define: { PAUSE_VERSION: JSON.stringify(packageJson.version) },
    minify: true, // Less to read from disk at every start.
    format: "esm", // For top-level await; bytecode alone would choose CommonJS.
    bytecode: true, // No parser at start: half the time until the signals are blocked.
    splitting: true, // What is imported lazily (zod) is not set up before, function by function.
    compile: {
      target: `bun-linux-${arch}`,
      outfile,
      // No variable, no locale, no address of others: see tools/patches.ts.
      executablePath: await closeRuntime(lockedRuntime(arch), arch),
      // Thresholds that no loop reaches. A tier-up starts compiler threads and costs 0.5 MB, and
      // makes a loop that sleeps in the kernel no faster.
      jitPolicy: 1_000_000,
      // What lies in the working directory is not for this program to read.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
      // No eval, and no preload from disk: the program is what is compiled in and nothing else.
      execArgv: ["--disallow-code-generation-from-strings=strict"],
    },
  });
}

/**
 * Builds what an image consists of: the executable, its loader, its libraries, and nothing else.
 * @param directory made anew; becomes the image's root
 * @returns the executable's path
 * @throws {Error} if the loader or a library cannot be found
 */
async function stage(directory: string, arch: Architecture): Promise<string> {
  await rm(directory, { recursive: true, force: true });
  const executable = join(directory, "pause");
  await mkdir(directory, { recursive: true });
  await compile(join(import.meta.dirname, "src/main.ts"), executable, arch);
  for (const { source, target } of runtimeFiles(executable, arch)) {
    const path = join(directory, target);
    await mkdir(dirname(path), { recursive: true });
    await copyFile(source, path);
  }
  // Any user must get through the directories, whatever the builder's umask was.
  const below = new Bun.Glob("**").scanSync({ cwd: directory, onlyFiles: false, absolute: true });
  for (const path of [directory, ...below]) await chmod(path, 0o755);
  return executable;
}

/** Where the files of an image are, for one architecture. */
export function rootfs(arch: Architecture): string {
  return join(import.meta.dirname, `dist/rootfs-${ARCHITECTURES[arch].platform}`);
}

/**
 * The whole build for an architecture, saying what it does.
 * @returns the executable's path
 */
export async function build(arch: Architecture = HOST): Promise<string> {
  const name = arch === HOST ? "dist/pause" : `pause for ${ARCHITECTURES[arch].platform}`;
  process.stderr.write(`Building ${name} ... `);
  const staged = await stage(rootfs(arch), arch);
  const megabytes = Math.round(Bun.file(staged).size / 1e6);
  process.stderr.write(`pause.ts v${packageJson.version}, ${megabytes} MB\n`);
  if (arch !== HOST) return staged;

  const executable = join(import.meta.dirname, "dist/pause");
  await rm(executable, { force: true }); // It may be running.
  await copyFile(staged, executable);
  return executable;
}

if (import.meta.main) await build();
