// Builds what is compared, each in a root directory of its own, with what it needs to run.

import { mkdirSync, realpathSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { compile } from "../../build.ts";
import type { Name } from "./metrics.ts";
import { PROBE } from "./probe.ts";

/** A program that is measured: where it is, and how it is started. */
export interface Contestant {
  readonly name: Name;
  /** The directory that it sees as /. */
  readonly root: string;
  /** As one holds a pod with it. */
  readonly holds: readonly string[];
  /** As one asks for its version; for the empty program, as it does nothing. */
  readonly version: readonly string[];
  /** What is put in front of a command, if it can run one. */
  readonly runs?: readonly string[];
  /** The files that an image of it needs, as paths in the root. */
  readonly image?: readonly string[];
}

const project = join(import.meta.dirname, "../..");
const programs = join(import.meta.dirname, "programs");
const output = join(project, "dist/bench");

/** Compiles the C programs and the empty ones, and lays everything out. */
export async function prepare(
  progress: (what: string) => void,
): Promise<{ contestants: Contestant[]; versions: Record<string, string>; missing: string[] }> {
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  progress("compiling the C programs");
  gcc("probe.c", PROBE);
  gcc("pause.c", join(output, "pause"));
  for (const name of ["empty", "idle"]) {
    progress(`compiling ${name}.ts`);
    await compile(join(programs, `${name}.ts`), join(output, name, "pause"));
  }
  progress("laying out the roots");
  const pause = rootOf("pause", [join(project, "dist/pause"), "/pause"]);
  const contestants: Contestant[] = [
    {
      name: "pause",
      root: pause,
      holds: ["/pause"],
      version: ["/pause", "-v"],
      runs: ["/pause", "--"],
      image: imageOf(pause),
    },
    {
      name: "watch",
      root: rootOf("watch", [join(project, "dist/pause"), "/pause"]),
      holds: ["/pause", "--watch"],
      version: ["/pause", "-v"],
    },
    {
      name: "empty",
      root: rootOf(
        "empty",
        [join(output, "empty/pause"), "/empty"],
        [join(output, "idle/pause"), "/idle"],
      ),
      holds: ["/idle"],
      version: ["/empty"],
    },
  ];
  const missing: string[] = [];
  const versions: Record<string, string> = { bun: Bun.version };
  for (const peer of PACKAGED) {
    const path = Bun.which(peer.command);
    if (path === null) {
      missing.push(`${peer.command} is not installed: apt-get install ${peer.command}`);
      continue;
    }
    versions[peer.command] = packagedVersion(peer.command);
    const root = rootOf(peer.name, [path, `/${peer.command}`], [Bun.which("sleep")!, "/sleep"]);
    contestants.push({
      name: peer.name,
      root,
      holds: [`/${peer.command}`, ...peer.holds],
      version: [`/${peer.command}`, "--version"],
      runs: [`/${peer.command}`, "--"],
      ...(peer.name === "catatonit" && { image: ["/catatonit"] }),
    });
  }
  const c = rootOf("c", [join(output, "pause"), "/pause"]);
  contestants.push({
    name: "c",
    root: c,
    holds: ["/pause"],
    version: [],
    runs: [],
    image: ["/pause"],
  });
  return { contestants, versions, missing };
}

const SLEEP = ["--", "/sleep", "infinity"];

const PACKAGED = [
  { name: "catatonit", command: "catatonit", holds: ["-P"] },
  { name: "tini", command: "tini", holds: SLEEP },
  { name: "dumbInit", command: "dumb-init", holds: SLEEP },
] as const satisfies readonly { name: Name; command: string; holds: readonly string[] }[];

function gcc(source: string, outfile: string): void {
  if (Bun.which("gcc") === null) {
    throw new Error(
      "Cannot find gcc, which compiles test/bench/programs: apt-get install gcc libc6-dev",
    );
  }
  run("gcc", "-O2", "-static", "-o", outfile, join(programs, source));
}

/** The package's version, as Debian's dpkg knows it; else what the program says. */
function packagedVersion(command: string): string {
  const dpkg =
    Bun.which("dpkg-query") === null ? undefined : tryRun("dpkg-query", "-Wf${Version}", command);
  return dpkg ?? tryRun(command, "--version")?.trim() ?? "?";
}

/**
 * Makes a root: programs at the given places, their libraries where the loader looks, the helper.
 * All are copied by cp(1): what a linker has just written is slower to run than a copy of it, as
 * it lies in the page cache in other pieces.
 */
function rootOf(name: string, ...files: readonly (readonly [from: string, to: string])[]): string {
  const root = join(output, "roots", name);
  const libraries = files.flatMap(([from]) =>
    librariesOf(from).map((path) => [path, path] as const),
  );
  for (const [from, to] of [...files, ...libraries, [PROBE, "/probe"] as const]) {
    mkdirSync(join(root, dirname(to)), { recursive: true });
    run("cp", realpathSync(from), join(root, to));
  }
  mkdirSync(join(root, "proc"), { recursive: true });
  return root;
}

/** The loader of an executable and its libraries; none for a static one. ldd(1) */
function librariesOf(executable: string): string[] {
  const list = tryRun("ldd", executable) ?? "";
  return Array.from(list.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x/gm), ([, path]) => path!);
}

/** All of a root but the helper. */
function imageOf(root: string): string[] {
  const files = Array.from(new Bun.Glob("**").scanSync({ cwd: root }), (file) => `/${file}`);
  return files.filter((file) => file !== `/${basename(PROBE)}`);
}

function tryRun(...command: readonly string[]): string | undefined {
  const { success, stdout } = Bun.spawnSync([...command]);
  return success ? stdout.toString() : undefined;
}

function run(...command: readonly string[]): void {
  const { success, stderr } = Bun.spawnSync([...command]);
  if (!success) throw new Error(`Cannot run ${command.join(" ")}: ${stderr.toString().trim()}`);
}
