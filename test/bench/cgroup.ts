// A memory cgroup: what it is charged with, and what it may be. cgroups(7)

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The files of both versions. Documentation/admin-guide: cgroup-v1/memory.rst, cgroup-v2.rst */
export const FILES = {
  v1: {
    usage: "memory.usage_in_bytes",
    limit: "memory.limit_in_bytes",
    inactive: "total_inactive_file",
  },
  v2: { usage: "memory.current", limit: "memory.max", inactive: "inactive_file" },
} as const;

/** Which version the memory controller is of. */
export type Version = keyof typeof FILES;

/** Where the memory controller is mounted. */
export interface Controller {
  readonly version: Version;
  readonly path: string;
}

/**
 * Finds the memory controller in the mount table: v1 where it is mounted by itself (hybrid layouts
 * have a v2 tree beside it, without it), else v2 where the tree has it.
 * @param mounts the text of /proc/self/mounts
 * @param controllers the text of a v2 tree's cgroup.controllers
 */
export function findController(
  mounts: string,
  controllers: (path: string) => string,
): Controller | undefined {
  const rows = mounts.split("\n").map((line) => line.split(" "));
  for (const [, path = "", type, options = ""] of rows) {
    if (type === "cgroup" && options.split(",").includes("memory")) return { version: "v1", path };
  }
  for (const [, path = "", type] of rows) {
    if (type === "cgroup2" && controllers(path).split(/\s+/).includes("memory")) {
      return { version: "v2", path };
    }
  }
  return undefined;
}

/** The controller of this machine, if this process may make cgroups. */
export function controllerHere(): Controller | undefined {
  const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");
  const controller = findController(read("/proc/self/mounts"), (path) =>
    read(join(path, "cgroup.controllers")),
  );
  return process.getuid?.() === 0 ? controller : undefined;
}

/** What a kubelet counts: usage less the file pages that nobody has used lately. */
export function workingSet(usage: number, stat: string, version: Version): number {
  const line = new RegExp(`^${FILES[version].inactive} (\\d+)$`, "m").exec(stat);
  if (line === null) throw new Error(`Cannot find "${FILES[version].inactive}" in memory.stat`);
  return Math.max(0, usage - Number(line[1]));
}

let made = 0;

/** A cgroup of one's own. Use with `using`: it is removed, and must be empty by then. */
export class MemoryCgroup {
  readonly #version: Version;
  readonly #path: string;

  constructor({ version, path }: Controller, limit?: number) {
    this.#version = version;
    this.#path = join(path, `pause-bench-${process.pid}-${++made}`);
    // In a v2 tree a cgroup has the controllers that its parent hands down.
    if (version === "v2") writeFileSync(join(path, "cgroup.subtree_control"), "+memory");
    mkdirSync(this.#path);
    if (limit !== undefined) this.#write(FILES[version].limit, limit);
  }

  /** The file that a process writes its PID to. */
  get procs(): string {
    return join(this.#path, "cgroup.procs");
  }

  /** What it is charged with, in bytes, when that has stopped changing; and what a kubelet counts. */
  async charged(): Promise<{ usage: number; workingSet: number }> {
    let usage = -1;
    for (let look = 0; look < 40; look++) {
      const before = usage;
      usage = Number(this.#read(FILES[this.#version].usage));
      if (usage === before) break;
      await Bun.sleep(50);
    }
    return { usage, workingSet: workingSet(usage, this.#read("memory.stat"), this.#version) };
  }

  [Symbol.dispose](): void {
    // A process that has just ended can be counted for a moment.
    for (let tries = 100; ; tries--) {
      try {
        return rmdirSync(this.#path);
      } catch (failure) {
        if (tries === 0) throw failure;
        Bun.sleepSync(10);
      }
    }
  }

  #read(file: string): string {
    return readFileSync(join(this.#path, file), "utf8");
  }

  #write(file: string, value: number): void {
    writeFileSync(join(this.#path, file), String(value));
  }
}
