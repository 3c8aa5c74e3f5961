// The image, and a stand-in that does what pause must not, as archives that every runtime takes.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import packageJson from "../../package.json" with { type: "json" };
import { Signal } from "../../src/libc/abi.ts";
import { maskOf } from "../../src/libc/signals.ts";
import { parseStatus } from "../../src/process/status.ts";
import { ARCHITECTURES, HOST } from "../../tools/architectures.ts";
import { Clone } from "./clone.ts";
import { PAUSE } from "./executables.ts";
import { childrenOf, readStat } from "./process.ts";
import { until } from "./until.ts";

const root = join(import.meta.dirname, "../..");
const directory = join(root, "dist/test/image");

/** The image's name, as the files of docs/deploy give it. */
export const PAUSE_IMAGE = `registry.example.com/pause:${packageJson.version}`;
export const DEAF_IMAGE = "localhost/deaf:test";

/** Runs a command to its end; returns its stdout without the last line break. */
export function run(command: readonly string[], env: Record<string, string> = {}): string {
  const { success, exitCode, stdout, stderr } = Bun.spawnSync([...command], {
    cwd: root,
    env: { ...process.env, ...env },
    timeout: 60_000,
  });
  if (!success) throw new Error(`${command.join(" ")}: exit ${exitCode}: ${stderr.toString()}`);
  return stdout.toString().trim();
}

/**
 * A script that runs its arguments without the v2 hierarchy beside v1 ones, which crun refuses. For
 * a mount namespace of its own.
 */
export const WITHOUT_UNIFIED = `
  if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
  exec "$@"
`;

/** Options for storage of its own, so that the machine's images and containers stay as they are. */
export function storage(scratch: string): string[] {
  return [
    `--root=${join(scratch, "root")}`,
    `--runroot=${join(scratch, "run")}`,
    "--storage-driver=vfs",
  ];
}

/** podman leaves its parent cgroup behind; with something in it, it is not ours. */
export function removePodmanCgroups(): void {
  for (const controller of readdirSync("/sys/fs/cgroup")) {
    const parent = join("/sys/fs/cgroup", controller, "libpod_parent");
    if (existsSync(parent)) Bun.spawnSync(["find", parent, "-depth", "-type", "d", "-delete"]);
  }
}

/** Does something the first time it is wanted: a test that skips wants nothing. */
export function once<T>(make: () => T): { (): T; readonly called: boolean } {
  let made: { value: T } | undefined;
  const get = () => (made ??= { value: make() }).value;
  return Object.defineProperty(get, "called", { get: () => made !== undefined }) as never;
}

/** The image as npm run image packs it, but for the time that it takes to compress. */
export function pauseArchive(): string {
  return archive("pause", (path) => {
    const { platform } = ARCHITECTURES[HOST];
    using clone = new Clone();
    clone.image(["--level=1", `--arch=${platform}`]);
    const { version } = packageJson;
    copyFileSync(join(clone.directory, `dist/pause-${version}-linux-${platform}.oci.tar`), path);
  });
}

/**
 * The stand-in as an OCI archive under DEAF_IMAGE: its /pause is busybox's sleep, which as PID 1
 * reaps nobody and does not hear SIGTERM. With busybox's shell it is the container beside it, too.
 */
export function deafArchive(): string {
  return archive("deaf", (path) => {
    const context = join(directory, "deaf");
    rmSync(context, { recursive: true, force: true });
    const bin = join(context, "rootfs/bin");
    mkdirSync(bin, { recursive: true });
    copyFileSync(Bun.which("busybox") ?? "", join(bin, "busybox"));
    symlinkSync("busybox", join(bin, "sh"));
    const script = "#!/bin/sh\nexec /bin/busybox sleep 100000\n";
    writeFileSync(join(context, "rootfs/pause"), script, { mode: 0o755 });
    const scratch = join(directory, "storage");
    const buildah = ["buildah", ...storage(scratch)];
    const file = join(root, "test/image/Containerfile.deaf");
    try {
      run([...buildah, "bud", "--quiet", `--tag=${DEAF_IMAGE}`, `--file=${file}`, context]);
      run([...buildah, "push", "--quiet", DEAF_IMAGE, `oci-archive:${path}:${DEAF_IMAGE}`]);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });
}

/** Makes an archive once for each build of pause: the tests of all runtimes share it. */
function archive(name: string, make: (path: string) => void): string {
  const path = join(directory, `${name}.oci.tar`);
  if (existsSync(path) && statSync(path).mtimeMs > statSync(PAUSE).mtimeMs) return path;
  mkdirSync(directory, { recursive: true });
  rmSync(path, { force: true });
  make(path);
  return path;
}

/** A line of a process's status file. proc_pid_status(5) */
export function statusLine(pid: number, name: string): string {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
}

/** Waits until pause waits in libc alone: one thread, its own handler only, a C program's memory. */
export async function parked(pid: number): Promise<void> {
  await until("it has parked", () => {
    if (readStat(pid)?.name !== "pause") return false;
    const { threads, caught } = parseStatus(readFileSync(`/proc/${pid}/status`, "latin1"));
    return threads === 1 && caught === maskOf(Signal.SIGALRM) && readStat(pid)?.state === "S";
  });
  const memory = Number.parseInt(statusLine(pid, "RssAnon"));
  if (!(memory <= 240)) throw new Error(`It has parked with ${memory} kB of its own`);
}

/** For busybox's shell: orphans that live until they are told to end. */
export function orphaning(count: number, busybox: string): string {
  return `for i in $(${busybox} seq ${count}); do (${busybox} sleep 1000 </dev/null >/dev/null 2>&1 &); done`;
}

/**
 * Ends the orphans that a PID 1 has adopted.
 * @param count how many it must have adopted
 * @returns their PIDs; whoever reaped them has left nothing in any of them
 */
export async function endOrphans(init: number, count: number): Promise<number[]> {
  const orphans = () => childrenOf(init).filter((pid) => readStat(pid)?.name === "busybox");
  await until(`PID 1 has adopted ${count} orphans`, () => orphans().length >= count);
  const pids = orphans();
  for (const pid of pids) process.kill(pid, "SIGKILL");
  return pids;
}

/** Of some processes, those that are zombies. */
export function zombies(pids: readonly number[]): number {
  return pids.filter((pid) => readStat(pid)?.state === "Z").length;
}

/** Waits until there is nothing left of some processes. */
export async function reaped(pids: readonly number[]): Promise<void> {
  await until("the orphans are reaped", () => pids.every((pid) => readStat(pid) === undefined));
}
