// The shape of what `pause zombies --json` prints: the types of this mode, and its documentation.
//
// The executable has nothing of this file: it is imported for its types alone. The tests hold every
// answer against it, and docs/zombies.schema.json is made from it (tools/schema.ts).

import { z } from "zod";

const pid = z.int().min(0).describe("A process, as /proc numbers it");

const text = z.string().describe("The name it gave itself; U+FFFD stands for what is not UTF-8");

const named = {
  name: text.nullable(),
  nameHex: z
    .string()
    .regex(/^([0-9a-f]{2})+$/)
    .optional()
    .describe("The bytes of a name that is not UTF-8"),
};

const Place = z
  .strictObject({
    pod: z.string().nullable().describe("A pod's UID; for podman its ID"),
    container: z.string().nullable().describe("A container's ID; for LXC its name"),
    unit: z.string().nullable().describe("A systemd unit; of the container, where there is one"),
    user: z.int().min(0).nullable().describe("The UID whose own systemd or podman runs it"),
  })
  .describe("What it belongs to, from its cgroup");

const Zombie = z.strictObject({
  pid,
  ...named,
  age: z.number().min(0).describe("Seconds since it was started; when it ended is not recorded"),
  parent: pid.describe("Its parent; 0 if that is outside the PID namespace"),
  parentName: z.string().nullable().describe("The parent's name; null where it cannot be seen"),
  place: Place.nullable().describe("null where no cgroup says; see placeFrom"),
  placeFrom: z
    .enum(["itself", "leaker"])
    .nullable()
    .describe("Whose cgroup says so: cgroup v1 shows none for a zombie"),
});

const Leaker = z.strictObject({
  pid: pid.describe("0 for a process outside the PID namespace"),
  ...named,
  role: z
    .enum(["parent", "tracer"])
    .describe("Why it is up to this one: a tracer is told of an end before the parent"),
  state: z.string().nullable().describe("As in /proc/PID/stat: R, S, D, T (stopped), t (traced)"),
  sigchld: z
    .enum(["catches", "ignores", "defaults", "unknown"])
    .describe("What it does about SIGCHLD"),
  blocked: z
    .boolean()
    .describe("It blocks SIGCHLD; it may still take it, by sigwaitinfo(2) or signalfd(2)"),
  tracer: pid.describe("Who traces it, 0 for nobody"),
  init: z.boolean().describe("It is PID 1 of its PID namespace"),
  containerInit: z.boolean().describe("It is PID 1 of another PID namespace than the host's"),
  place: Place.nullable(),
});

const Group = z.strictObject({
  leaker: Leaker.describe("Who has to reap them"),
  nudged: z.boolean().describe("It was sent a SIGCHLD, by --nudge, and left these all the same"),
  zombies: z.array(Zombie).min(1).describe("Oldest first"),
});

const Nudge = z.strictObject({
  pid,
  ...named,
  error: z.string().nullable().describe("Why it could not be sent a SIGCHLD"),
  went: z.array(pid).describe("Zombies of its that are gone"),
  left: z.array(pid).describe("Zombies of its that are not"),
});

/** One look at the processes of a host or container. */
export const Report = z
  .strictObject({
    version: z.literal(1).describe("Of this shape"),
    time: z.iso.datetime().describe("When"),
    processes: z.int().min(1).describe("How many processes were to be seen, zombies included"),
    unreadable: z
      .int()
      .min(0)
      .describe(
        "How many of these may not be looked at, or more that are hidden: at least so many",
      ),
    count: z.int().min(0).describe("How many zombies there are, after --nudge"),
    groups: z.array(Group).describe("By who has to reap them, the most first"),
    nudges: z.array(Nudge).optional().describe("With --nudge: who was sent a SIGCHLD"),
    changes: z
      .strictObject({ came: z.array(pid), went: z.array(pid) })
      .optional()
      .describe("With --every, from the second look on: zombies new and gone since the one before"),
    help: z.array(z.string()).describe("What helps, a sentence each"),
  })
  .describe("What `pause zombies --json` prints: one of these, with --every one a line");

export type Report = z.infer<typeof Report>;
export type Group = z.infer<typeof Group>;
export type Leaker = z.infer<typeof Leaker>;
export type Zombie = z.infer<typeof Zombie>;
export type Nudge = z.infer<typeof Nudge>;
