// Builds dist/pause, the executable for this machine, and dist/rootfs, what its image consists of.

import { chmod, copyFile, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import packageJson from "./package.json" with { type: "json" };
import { type Architecture, closeRuntime, lockedRuntime } from "./tools/runtime.ts";

/**
 * Compiles an entry file into an executable, the way a release is.
 * @param entry the TypeScript file
 * @param outfile where to; its last part is embedded, so two builds are the same bytes only under
 *   the same name, and that is "pause"
 * @throws {AggregateError} what the bundler says
 */
export async function compile(entry: string, outfile: string): Promise<void> {
  const arch = process.arch as Architecture;
  await Bun.build({
    entrypoints: [entry],
    define: { PAUSE_VERSION: JSON.stringify(packageJson.version) },
    minify: true, // Less to read from disk at every start.
    format: "esm", // For top-level await; bytecode alone would choose CommonJS.
    bytecode: true, // No parser at start: half the time until the signals are blocked.
    splitting: true, // What is imported lazily (zod) is not set up before, function by function.
    compile: {
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
 * Collects what an image needs to run an executable: it, its loader, its libraries.
 * @param executable for this machine's architecture
 * @param directory made anew; becomes the image's root
 */
async function stage(executable: string, directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  const files = [
    [executable, "/pause"],
    ...(await runtimeFiles(executable)).map((path) => [path, path] as const),
  ] as const;
  for (const [from, to] of files) {
    const target = join(directory, to);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(from, target);
    await chmod(target, 0o755);
  }
  // Any user must get through the directories, whatever the builder's umask was.
  for (const path of new Bun.Glob("**").scanSync({
    cwd: directory,
    onlyFiles: false,
    absolute: true,
  }))
    await chmod(path, 0o755);
}

/** The loader and the libraries of an executable, where its own loader finds them. ld.so(8) */
async function runtimeFiles(executable: string): Promise<string[]> {
  const loader = await programInterpreter(executable);
  const list = Bun.spawnSync([loader, "--list", executable]);
  if (!list.success)
    throw new Error(`Cannot find the libraries of "${executable}": ${list.stderr}`);
  const libraries = list.stdout.toString().matchAll(/=> (\/\S+)/g);
  return [loader, ...Array.from(libraries, ([, path]) => path as string)];
}

/** The loader that an executable names: the segment PT_INTERP. elf(5) */
async function programInterpreter(executable: string): Promise<string> {
  const PT_INTERP = 3;
  const elf = new DataView(await Bun.file(executable).slice(0, 4096).arrayBuffer());
  const [start, size, count] = [
    Number(elf.getBigUint64(32, true)),
    elf.getUint16(54, true),
    elf.getUint16(56, true),
  ];
  for (let header = start; header < start + size * count; header += size) {
    if (elf.getUint32(header, true) !== PT_INTERP) continue;
    const offset = Number(elf.getBigUint64(header + 8, true));
    const length = Number(elf.getBigUint64(header + 32, true));
    return await Bun.file(executable)
      .slice(offset, offset + length - 1)
      .text();
  }
  throw new Error(`Cannot find the loader of "${executable}": it has no PT_INTERP segment`);
}

/**
 * The whole build, saying what it does.
 * @returns the executable's path
 */
export async function build(): Promise<string> {
  const executable = join(import.meta.dirname, "dist/pause");
  process.stderr.write("Building dist/pause ... ");
  await compile(join(import.meta.dirname, "src/main.ts"), executable);
  await stage(executable, join(import.meta.dirname, "dist/rootfs"));
  const megabytes = Math.round(Bun.file(executable).size / 1e6);
  process.stderr.write(`pause.ts v${packageJson.version}, ${megabytes} MB\n`);
  return executable;
}

if (import.meta.main) await build();
