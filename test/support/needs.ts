// Tests say what they need; where it is missing they skip with the reason, or fail under CI=true.

import { test } from "bun:test";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";

import { ARCHITECTURES, HOST } from "../../tools/architectures.ts";
import { wayIntoNamespace } from "../../tools/namespace.ts";

/** The architecture that this machine is not. */
export const FOREIGN = HOST === "x64" ? "arm64" : "x64";
const { triplet, platform } = ARCHITECTURES[FOREIGN];

/** What runs a program of that architecture. */
export const QEMU = `qemu-${triplet.split("-")[0]}-static`;

/** Has a process see another time, by LD_PRELOAD. faketime(1) */
export const FAKETIME = `/usr/lib/${ARCHITECTURES[HOST].triplet}/faketime/libfaketime.so.1`;

const installed = (command: string) => Bun.which(command) !== null;

/**
 * Where a cgroup can be made, of version 1 or 2; of 1 in a hierarchy without a controller to set up.
 * cgroups(7)
 */
export function writableCgroup(version: 1 | 2): string | undefined {
  const type =
    version === 1 ? /^cgroup (\S+) cgroup .*\b(?:pids|name=systemd)\b/ : /^\S+ (\S+) cgroup2 /;
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  return mounts
    .map((line) => type.exec(line)?.[1])
    .find((path) => {
      try {
        accessSync(`${path}/cgroup.procs`, constants.W_OK);
        return path !== undefined;
      } catch {
        return false;
      }
    });
}

/** Where a cgroup with a memory limit can be made, of version 1 or 2, and the name of the limit. */
export function memoryCgroup(): { path: string; limit: string } | undefined {
  const mounts = readFileSync("/proc/self/mounts", "utf8");
  const old = /^\S+ (\S+) cgroup \S*\bmemory\b/m.exec(mounts)?.[1];
  const path = old ?? /^\S+ (\S+) cgroup2 /m.exec(mounts)?.[1];
  const limit = old === undefined ? "memory.max" : "memory.limit_in_bytes";
  try {
    if (old === undefined) {
      const given = readFileSync(`${path}/cgroup.subtree_control`, "utf8");
      if (!given.split(/\s/).includes("memory")) return undefined;
    }
    accessSync(`${path}/cgroup.procs`, constants.W_OK);
    return path === undefined ? undefined : { path, limit };
  } catch {
    return undefined;
  }
}

/** What a test can need: whether it is here, and how to get it. */
const NEEDS = {
  root: [() => process.getuid?.() === 0, "run as root"],
  namespaces: [() => wayIntoNamespace() !== undefined, "run as root, or allow user namespaces"],
  perl: [() => installed("perl"), "install perl"],
  strace: [() => installed("strace"), "install strace"],
  script: [() => installed("script"), "install bsdutils"],
  git: [() => installed("git"), "install git"],
  pgrep: [() => installed("pgrep"), "install procps"],
  "systemd-analyze": [() => installed("systemd-analyze"), "install systemd"],
  fish: [() => installed("fish"), "install fish"],
  zsh: [() => installed("zsh"), "install zsh"],
  groff: [() => installed("groff"), "install groff-base"],
  setpriv: [() => installed("setpriv"), "install util-linux"],
  buildah: [() => installed("buildah"), "install buildah"],
  skopeo: [() => installed("skopeo"), "install skopeo"],
  runc: [() => installed("runc"), "install runc"],
  crun: [() => installed("crun"), "install crun"],
  containerd: [() => installed("containerd") && installed("ctr"), "install containerd"],
  podman: [() => installed("podman"), "install podman"],
  cgroup: [
    () => (writableCgroup(2) ?? writableCgroup(1)) !== undefined,
    "mount a cgroup hierarchy that can be written to",
  ],
  qemu: [() => installed(QEMU), "install qemu-user-static"],
  "foreign libraries": [() => existsSync(`/usr/${triplet}/lib`), `install libc6-${platform}-cross`],
  "memory cgroup": [
    () => memoryCgroup() !== undefined,
    "run as root, with the memory controller of cgroups",
  ],
  faketime: [() => existsSync(FAKETIME), "install libfaketime"],
  busybox: [() => installed("busybox"), "install busybox-static"],
} satisfies Record<string, readonly [() => boolean, string]>;

/** The name of something a test can need. */
export type Need = keyof typeof NEEDS;

type Test = (title: string, body: () => void | Promise<void>, milliseconds?: number) => void;

/** `test` for tests that need something. */
export function needing(...needs: readonly Need[]): Test {
  const missing = needs.filter((need) => !NEEDS[need][0]());
  if (missing.length === 0) return test;
  const reason = missing.map((need) => `needs ${need}: ${NEEDS[need][1]}`).join("; ");
  if (process.env["CI"] !== "true") return (title, body) => test.skip(`${title} (${reason})`, body);
  return (title) =>
    test(title, () => {
      throw new Error(reason);
    });
}
