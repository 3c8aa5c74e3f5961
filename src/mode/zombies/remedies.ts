// Says what helps against zombies, depending on who leaks them and how.

import type { Group, Leaker } from "./schema.ts";
import { label } from "./words.ts";

/**
 * Whether a SIGCHLD can bring a process to reap. One that neither catches nor blocks it never gets
 * to know of it; one that blocks it may take it by signalfd(2), and then gets to know; one that is
 * stopped has one pending already.
 */
export function takesNudge({ pid, state, sigchld, blocked }: Leaker): boolean {
  const takes = sigchld === "catches" || (blocked && sigchld !== "unknown");
  return pid !== 0 && takes && state !== "T" && state !== "t";
}

/** Something that helps: against whom, and in what words. */
interface Remedy {
  readonly applies: (group: Group) => boolean;
  /** @param who one of those it applies to, "and 2 more"; @param pids all of them */
  readonly says: (who: string, pids: readonly number[]) => string;
}

/** What keeps a process from doing anything: as long as it does, nothing else helps. */
const OBSTACLES: readonly Remedy[] = [
  {
    applies: ({ leaker }) => leaker.pid === 0,
    says: () => "Look from the host: the parent is outside this PID namespace",
  },
  {
    applies: ({ leaker }) => leaker.role === "tracer",
    says: (who) => `End or detach ${who}: while traced, a zombie is not shown to its parent`,
  },
  {
    applies: ({ leaker }) => leaker.state === "T",
    says: (who, pids) => `Continue ${who}, stopped as of now: kill -CONT ${list(pids)}`,
  },
  {
    applies: ({ leaker }) => leaker.state === "t",
    says: (who) => `Let the debugger of ${who} go on, or detach it`,
  },
  {
    applies: ({ leaker }) => leaker.state === "D",
    says: (who) => `Find what ${who} hangs on: in state D, mostly a disk or network storage`,
  },
];

/** What helps where there is no obstacle: each that applies. */
const REMEDIES: readonly Remedy[] = [
  {
    applies: ({ leaker, nudged }) => takesNudge(leaker) && !nudged,
    says: (who) => `Try pause zombies --nudge, for ${who}: a SIGCHLD may have been missed`,
  },
  {
    applies: ({ leaker }) => leaker.containerInit,
    says: (who) =>
      `Give ${who}, a container's PID 1, an init in front that reaps: "pause -- COMMAND" as` +
      " entrypoint, docker run --init, or in a pod shareProcessNamespace: true with pause as" +
      " its sandbox",
  },
  {
    applies: ({ leaker, nudged }) =>
      leaker.init && !leaker.containerInit && (nudged || !takesNudge(leaker)),
    says: (who) => `Find out what keeps ${who}, the host's own init, from reaping`,
  },
];

/** What helps where nothing else is known to. */
const RESTART: Remedy = {
  applies: () => true,
  says: (who) => `Restart ${who}, for the zombies to go to init; the cure is to wait for children`,
};

function remediesFor(group: Group): readonly Remedy[] {
  const applies = (remedy: Remedy) => remedy.applies(group);
  const obstacle = OBSTACLES.find(applies);
  if (obstacle !== undefined) return [obstacle];
  const remedies = REMEDIES.filter(applies);
  return remedies.length > 0 ? remedies : [RESTART];
}

/** More PIDs than this are not typed any more. */
const SHOWN = 5;

const list = (pids: readonly number[]) =>
  pids.slice(0, SHOWN).join(" ") + (pids.length > SHOWN ? " ..." : "");

/** What helps, a sentence for each kind of leak; the groups are the worst first. */
export function help(groups: readonly Group[]): string[] {
  const found = groups.map((group) => ({ leaker: group.leaker, remedies: remediesFor(group) }));
  return [...OBSTACLES, ...REMEDIES, RESTART].flatMap((remedy) => {
    const theirs = found.filter(({ remedies }) => remedies.includes(remedy));
    const [worst] = theirs;
    if (worst === undefined) return [];
    const more = theirs.length > 1 ? ` and ${theirs.length - 1} more` : "";
    const pids = theirs.map(({ leaker }) => leaker.pid);
    return [remedy.says(label(worst.leaker) + more, pids)];
  });
}
