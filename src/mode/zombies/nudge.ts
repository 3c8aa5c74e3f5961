// Sends SIGCHLD to those that leak zombies and catch it: they may just have missed one.

import { Errno, Signal } from "../../libc/abi.ts";
import { SyscallError } from "../../libc/errno.ts";
import { close } from "../../libc/files.ts";
import { pidfdOpen, pidfdSendSignal } from "../../libc/seldom.ts";
import { kill } from "../../libc/signals.ts";
import { procIsOwn } from "../../process/children.ts";
import { isZombie, type Stat } from "../../process/stat.ts";
import { readAgain } from "../../process/table.ts";
import { type Sight, worstFirst } from "./look.ts";
import { wait } from "./patience.ts";
import { takesNudge } from "./remedies.ts";
import type { Group, Leaker, Nudge, Zombie } from "./schema.ts";

/** How long the zombies of those nudged have to go, and how often that is looked at. In ms. */
const PATIENCE = 1000;
const BEAT = 20;

/** What nudging came to. */
export interface Outcome {
  readonly nudges: Nudge[];
  /** What is left of all groups. */
  readonly groups: Group[];
}

/**
 * Nudges whoever takes it, and waits, a second at most, until their zombies are gone.
 * @throws {Stopped}
 */
export function nudge({ groups, seen }: Sight): Outcome {
  const tried = groups.filter(({ leaker }) => takesNudge(leaker));
  const errors = new Map(tried.map((group) => [group, send(group.leaker, seen)]));
  const isLeft = ({ pid }: Zombie) => {
    const stat = seen.get(pid);
    const now = stat && readAgain(stat);
    return now !== undefined && isZombie(now);
  };
  const sent = tried.filter((group) => errors.get(group) === null);
  const end = performance.now() + PATIENCE;
  while (sent.some(({ zombies }) => zombies.some(isLeft)) && performance.now() < end) wait(BEAT);

  const outcomes = groups.map((group) => ({ group, left: new Set(group.zombies.filter(isLeft)) }));
  const pids = (zombies: Iterable<Zombie>) => Array.from(zombies, ({ pid }) => pid);
  return {
    nudges: outcomes
      .filter(({ group }) => errors.has(group))
      .map(({ group, left }): Nudge => {
        const { pid, name, nameHex } = group.leaker;
        const went = group.zombies.filter((zombie) => !left.has(zombie));
        return {
          pid,
          name,
          ...(nameHex !== undefined && { nameHex }),
          error: errors.get(group) ?? null,
          went: pids(went),
          left: pids(left),
        };
      }),
    groups: worstFirst(
      outcomes
        .filter(({ left }) => left.size > 0)
        .map(({ group, left }) => ({ ...group, nudged: sent.includes(group), zombies: [...left] })),
    ),
  };
}

/**
 * Sends SIGCHLD to a process, and to no other that has got its PID since it was looked at.
 *
 * A pidfd stands for one process for good, but is opened by PID too. So its start is read again
 * once it is open: if that is still the same, PID and pidfd mean the process that was seen, for a
 * later one that gets the PID has a later start; and if it ends now, the signal goes nowhere
 * (ESRCH). Without pidfd_open (before Linux 5.3, or a filter that does not know it) the start is
 * read right before kill(2), which leaves a gap of microseconds. In it the PID would have to come
 * round, and whoever got it would look for children that ended and find none.
 * @returns why it could not be sent, or null
 */
function send(leaker: Leaker, seen: ReadonlyMap<number, Stat>): string | null {
  const stat = seen.get(leaker.pid);
  if (stat === undefined) return "it has ended";
  // In a /proc of another PID namespace its numbers mean other processes.
  if (!procIsOwn()) return "/proc is that of another PID namespace: mount this one's";
  let pidfd: number | undefined;
  try {
    try {
      pidfd = pidfdOpen(leaker.pid);
    } catch (failure) {
      if (!isUnknownCall(failure)) throw failure;
    }
    if (readAgain(stat) === undefined) return "it has ended";
    if (pidfd === undefined) kill(leaker.pid, Signal.SIGCHLD);
    else pidfdSendSignal(pidfd, Signal.SIGCHLD);
    return null;
  } catch (failure) {
    if (!(failure instanceof SyscallError)) throw failure;
    if (failure.errno === Errno.ESRCH) return "it has ended";
    if (failure.errno === Errno.EPERM) return "not permitted: be root, or its user";
    return failure.message;
  } finally {
    if (pidfd !== undefined) close(pidfd);
  }
}

/** A kernel that lacks a call says ENOSYS; a filter says that or EPERM, which pidfd_open never does. */
function isUnknownCall(failure: unknown): boolean {
  return (
    failure instanceof SyscallError &&
    (failure.errno === Errno.ENOSYS || failure.errno === Errno.EPERM)
  );
}
