// A pod to look at: a PID namespace in which something leaves an orphan four times a second.

import { readFileSync } from "node:fs";

import type { Way } from "../namespace.ts";

/** Between two orphans, in milliseconds. */
const ORPHAN_EVERY = 250;

/**
 * What goes wrong in it: a shell whose children start something in the background and end. It says
 * so by a byte each time, and ends PID 1 after a while, should nobody be left to end it from outside.
 */
const LEAK = `trap "" PIPE; n=0
  while [ $((n += 1)) -lt 70 ]; do (sleep 0.05 &); echo -n .; sleep ${ORPHAN_EVERY / 1000}; done
  kill 1`;

/** A PID 1 that does not reap, as most programs do not; it ends after a while too. */
export const DEAF = ["sleep", "20"] as const;

/** A process of a pod. */
export interface Member {
  /** Its PID in the pod. */
  readonly pid: number;
  /** "S", "R", "Z" for a zombie: proc_pid_stat(5) */
  readonly state: string;
  readonly name: string;
}

/** What there is to be seen of a pod. */
export interface View {
  /** How many orphans it was left with so far. */
  readonly orphans: number;
  readonly zombies: number;
  /** PID 1 and its children. */
  readonly members: readonly Member[];
}

/** One that runs. It ends with `end`, or when its namespace's PID 1 does. */
export class Pod {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "ignore">;
  #orphans = 0;

  /**
   * Starts one.
   * @param way into a PID namespace
   * @param first what its PID 1 is
   */
  constructor(way: Way, first: readonly string[]) {
    const command = ["sh", "-c", `(${LEAK}) & exec "$@" >/dev/null`, "sh", ...first];
    this.#child = Bun.spawn([...way.command, ...command], {
      stdio: ["ignore", "pipe", "ignore"],
      detached: true, // Ctrl-C is for the demo alone, which then ends it.
    });
    void this.#count();
  }

  async #count(): Promise<void> {
    for await (const dots of this.#child.stdout) this.#orphans += dots.length;
  }

  /** Looks at it, in /proc. */
  look(): View {
    const init = this.#init();
    const pids = init === undefined ? [] : [init, ...childrenOf(init)];
    const members = pids.map(read).filter((member) => member !== undefined);
    const zombies = members.filter(({ state }) => state === "Z").length;
    return { orphans: this.#orphans, zombies, members };
  }

  /** Its PID 1: the only child of unshare. */
  #init(): number | undefined {
    return childrenOf(this.#child.pid)[0];
  }

  /**
   * Ends it, and returns when none of its processes is left: the kernel ends all others before PID 1
   * is gone (pid_namespaces(7)), and unshare reaps that.
   */
  async end(): Promise<void> {
    const init = this.#init();
    try {
      if (init !== undefined) process.kill(init, "SIGKILL");
    } catch {
      // It has just ended.
    }
    if (init === undefined) this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

function childrenOf(pid: number): number[] {
  try {
    const list = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return list.split(" ").filter(Boolean).map(Number);
  } catch {
    return []; // It has ended.
  }
}

/** Looks at a process; undefined where it has ended. proc_pid_status(5) */
function read(pid: number): Member | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const field = (pattern: RegExp) => pattern.exec(status)?.[1] ?? "";
    return {
      pid: Number(field(/^NSpid:.*\t(\d+)$/m)),
      state: field(/^State:\t(\S)/m),
      name: field(/^Name:\t(.*)$/m),
    };
  } catch {
    return undefined;
  }
}
