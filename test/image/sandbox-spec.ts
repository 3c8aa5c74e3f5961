// The spec of a pod's sandbox, as containerd's CRI plugin builds it: the config.json for runc and crun.
//
// From containerd 2.x: internal/cri/server/podsandbox/sandbox_run_linux.go (sandboxContainerSpec)
// on top of pkg/oci/spec.go (populateDefaultUnixSpec) and pkg/oci/mounts.go. Left out is what is
// the node's and not the sandbox's: cgroups, cpu shares, oom_score_adj, annotations. One thing is
// stricter: containerd leaves a UID 0 nine capabilities, this none. containerd.test.ts holds it
// against the spec of a sandbox that containerd has just made.

import { readFileSync } from "node:fs";
import { constants } from "node:os";

/** What differs from one sandbox to another. */
export interface Sandbox {
  readonly rootfs: string;
  readonly uid: number;
  readonly args: readonly string[];
  /** A file on the node that becomes /etc/resolv.conf. */
  readonly resolvConf: string;
  /** The node's busybox, for a look from inside; no sandbox of containerd's has it. */
  readonly busybox: string;
  /** Another seccomp profile than RuntimeDefault. */
  readonly seccomp?: object;
  /** False for what containerd never does: with privileges to give up after the profile is loaded. */
  readonly noNewPrivileges?: boolean;
}

const NONE = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };
const BIND = ["rbind", "ro", "nosuid", "nodev", "noexec"];

/** The config.json. */
export function sandboxSpec({
  rootfs,
  uid,
  args,
  resolvConf,
  busybox,
  seccomp = runtimeDefault(),
  noNewPrivileges = true,
}: Sandbox) {
  return {
    ociVersion: "1.0.2",
    root: { path: rootfs, readonly: true },
    hostname: "pod",
    process: {
      terminal: false,
      user: { uid, gid: uid },
      args,
      env: [], // The image has none.
      cwd: "/",
      noNewPrivileges,
      capabilities: NONE,
    },
    mounts: [
      ...MOUNTS,
      { destination: "/etc/resolv.conf", type: "bind", source: resolvConf, options: BIND },
      { destination: "/busybox", type: "bind", source: busybox, options: ["bind", "ro"] },
    ],
    linux: {
      namespaces: ["pid", "ipc", "uts", "mount", "network"].map((type) => ({ type })),
      resources: { devices: [{ allow: false, access: "rwm" }] },
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
      seccomp,
    },
  };
}

/** No /tmp and no /run; /dev/shm is the pod's own, and the sandbox may only read it. */
export const MOUNTS = [
  {
    destination: "/proc",
    type: "proc",
    source: "proc",
    options: ["nosuid", "noexec", "nodev"],
  },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
  },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
  },
  {
    destination: "/dev/mqueue",
    type: "mqueue",
    source: "mqueue",
    options: ["nosuid", "noexec", "nodev"],
  },
  {
    destination: "/sys",
    type: "sysfs",
    source: "sysfs",
    options: ["nosuid", "noexec", "nodev", "ro"],
  },
  {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["ro", "nosuid", "nodev", "noexec", "mode=1777"],
  },
];

export const MASKED_PATHS = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
  "/proc/scsi",
];

export const READONLY_PATHS = [
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];

interface Rule {
  readonly names: readonly string[];
  readonly action: string;
  readonly args: readonly unknown[] | null;
  readonly includes: { readonly arches?: readonly string[]; readonly caps?: readonly string[] };
  readonly errno?: string;
}

/**
 * A RuntimeDefault seccomp profile, for a process without capabilities: the one that podman and
 * CRI-O share and that every podman package brings (containers/common pkg/seccomp). containerd's
 * own is built into it, and applied by it in containerd.test.ts.
 */
function runtimeDefault() {
  const profile = JSON.parse(readFileSync("/usr/share/containers/seccomp.json", "utf8"));
  const arch = { x64: "amd64", arm64: "arm64" }[process.arch as "x64" | "arm64"];
  const applies = ({ includes }: Rule) =>
    includes.caps === undefined && (includes.arches?.includes(arch) ?? true);
  return {
    defaultAction: profile.defaultAction,
    defaultErrnoRet: profile.defaultErrnoRet,
    architectures: [process.arch === "x64" ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_AARCH64"],
    syscalls: (profile.syscalls as Rule[])
      .filter(applies)
      .map(({ names, action, args, errno }) => ({
        names,
        action,
        ...(errno !== undefined && { errnoRet: constants.errno[errno as "EPERM"] }),
        ...(args !== null && { args }),
      })),
  };
}
