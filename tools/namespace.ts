// Ways into a PID namespace of one's own, for whoever starts pause in one.

/** A way: what it is called, and the command to put in front of another. */
export interface Way {
  readonly how: string;
  readonly command: readonly string[];
}

/** Ends with its child, by whose PID in the namespace /proc is mounted. unshare(1) */
const UNSHARE = ["--pid", "--fork", "--mount-proc", "--kill-child"];

const WAYS: readonly Way[] = [
  { how: "in a PID namespace of its own", command: ["unshare", ...UNSHARE] },
  {
    how: "in a PID and a user namespace of its own",
    command: ["unshare", "--user", "--map-root-user", ...UNSHARE],
  },
];

/** The first way that works here, undefined where none does: no unshare, or not allowed to. */
export function wayIntoNamespace(): Way | undefined {
  if (Bun.which("unshare") === null) return undefined;
  return WAYS.find(
    ({ command }) =>
      Bun.spawnSync([...command, "true"], { stdio: ["ignore", "ignore", "ignore"] }).success,
  );
}
