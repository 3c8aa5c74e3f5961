// Which pod, container or unit a process belongs to, from its cgroup. cgroups(7)

/** Where a process belongs. */
export interface Place {
  /** A pod's UID; for podman its ID. */
  readonly pod: string | null;
  /** A container's ID, whoever runs it; its name for LXC. */
  readonly container: string | null;
  /** A systemd unit; one within the container, where there is a container too. */
  readonly unit: string | null;
  /** The user whose own systemd or podman it is, where it is not the system's. */
  readonly user: number | null;
}

/**
 * Takes /proc/PID/cgroup apart: lines of "number:controllers:path", one for each hierarchy of
 * version 1, and "0::path" for version 2. Of several that say something, one with a container wins.
 * @returns null where no line says anything, as for a zombie under version 1: the kernel shows "/"
 *   for all that have ended (`proc_cgroup_show` looks at PF_EXITING), and keeps the path in 2
 */
export function parseCgroup(text: string): Place | null {
  let found: Place | null = null;
  for (const line of text.split("\n")) {
    const path = line.slice(line.indexOf(":", line.indexOf(":") + 1) + 1);
    const place = path.startsWith("/") ? parsePath(path) : null;
    if (place !== null && (place.container ?? place.pod) !== null) return place;
    found ??= place;
  }
  return found;
}

/** A container's ID as Docker, containerd, CRI-O and podman make it. */
const ID = "[0-9a-f]{64}";

/** What a part of a path may be; of several that match, the innermost counts. */
const PATTERNS = {
  // With systemd "…kubepods-burstable-pod1234_….slice", with cgroupfs "pod1234-…"; a pod of the
  // kubelet's own has a hash without dashes. After a ":" comes what containerd puts there when
  // the drivers do not agree: "kubepods-….slice:cri-containerd:ID".
  pod: /(?:^|-)pod([0-9a-f_-]{32,36})(?:\.slice)?(?::|$)/,
  podmanPod: new RegExp(`libpod_pod_(${ID})(?:\\.slice)?$`),
  // "cri-containerd-ID.scope", "crio-ID.scope", "docker-ID.scope", "libpod-ID.scope", "libpod-ID",
  // "ID". Not conmon, which watches a container from outside.
  container: new RegExp(`^(?!.*conmon)(?:.*[-:])?(${ID})(?:\\.scope)?$`),
  lxc: /^lxc\.payload\.(.+)$/,
  unit: /^.*\.(?:service|scope|socket|mount|swap)$/,
  userManager: /^user@(\d+)\.service$/,
} as const;

/** Reads a path from the root down. */
function parsePath(path: string): Place | null {
  let pod: string | null = null;
  let container: string | null = null;
  let unit: string | null = null;
  let manager: number | null = null;
  const parts = path.replace(/ \(deleted\)$/, "").split("/");
  for (const [index, part] of parts.entries()) {
    const match = (name: keyof typeof PATTERNS) => PATTERNS[name].exec(part)?.[1];
    const before = parts[index - 1];
    const podHere = match("pod") ?? match("podmanPod");
    const containerHere =
      match("container") ?? match("lxc") ?? (before === "lxc" && part !== "" ? part : undefined);
    if (podHere !== undefined) {
      [pod, container, unit] = [podHere.replaceAll("_", "-"), null, null];
    }
    if (containerHere !== undefined) {
      // podman without systemd: "/libpod_parent/POD/libpod-ID".
      if (container !== null && parts[index - 2] === "libpod_parent") pod = container;
      [container, unit] = [containerHere, null];
    } else if (podHere === undefined && PATTERNS.unit.test(part)) {
      unit = part;
    }
    const uid = match("userManager");
    if (uid !== undefined) manager = Number(uid);
  }
  if ((pod ?? container ?? unit) === null) return null;
  // The manager itself is a unit of the system's.
  const user = PATTERNS.userManager.test(unit ?? "") ? null : manager;
  return { pod, container, unit, user };
}
