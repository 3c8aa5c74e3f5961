// The page cache and the disk behind it: files dropped from the one, read-ahead of the other.

import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { evict } from "./probe.ts";

/** What Linux reads ahead unless it is told otherwise, as nodes have it. In kB. */
const USUAL = 128;

/**
 * Has the disk read ahead as nodes do. Cloud images are often set to megabytes, and a small memory
 * limit then drowns in pages that nobody asked for. Use with `using`: what was is put back, also
 * when this process is told to stop.
 */
export class UsualReadAhead {
  readonly #file: string;
  readonly #before: string | undefined;
  readonly #restore = () => this[Symbol.dispose]();
  readonly #stop = (signal: NodeJS.Signals) => {
    this[Symbol.dispose]();
    process.kill(process.pid, signal);
  };

  /** @param path anything on that disk */
  constructor(path: string) {
    this.#file = `/sys/class/bdi/${deviceOf(statSync(path).dev)}/read_ahead_kb`;
    this.#before = existsSync(this.#file) ? readFileSync(this.#file, "utf8").trim() : undefined;
    if (this.#before === undefined || Number(this.#before) === USUAL) return;
    for (const signal of SIGNALS) process.once(signal, this.#stop);
    process.once("exit", this.#restore);
    writeFileSync(this.#file, String(USUAL));
  }

  /** Whether the disk is known at all, and so whether it reads ahead as it should. */
  get known(): boolean {
    return this.#before !== undefined;
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) process.off(signal, this.#stop);
    process.off("exit", this.#restore);
    if (this.#before !== undefined) writeFileSync(this.#file, this.#before);
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The device of a file as sysfs names it: glibc's major() and minor(). makedev(3) */
export function deviceOf(dev: number): string {
  const number = BigInt(dev);
  const major = ((number >> 8n) & 0xfffn) | ((number >> 32n) & ~0xfffn);
  const minor = (number & 0xffn) | ((number >> 12n) & ~0xffn & 0xffffffffn);
  return `${major}:${minor}`;
}

/**
 * Drops every file of a root from the page cache.
 * @throws {Error} if one of them is still mapped by somebody
 */
export function evictRoot(root: string): void {
  const files = Array.from(new Bun.Glob("**").scanSync({ cwd: root }), (file) => join(root, file));
  const resident = evict(files);
  if (resident > 0)
    throw new Error(`Cannot drop ${root} from the page cache: ${resident} pages stay`);
}

/** Has every file of a root lie in the page cache as if it had just been read from end to end. */
export function readAnew(root: string): void {
  evictRoot(root);
  warmRoot(root);
}

/** Reads every file of a root, so that they are in the page cache and charged to this process. */
export function warmRoot(root: string): void {
  for (const file of new Bun.Glob("**").scanSync({ cwd: root })) readFileSync(join(root, file));
}
