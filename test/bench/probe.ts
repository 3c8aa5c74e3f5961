// The measuring helper, programs/probe.c, with types: see there for what it does.

import { join } from "node:path";

/** Where the helper is, once it is compiled. */
export const PROBE = join(import.meta.dirname, "../../dist/bench/probe");

/** Under what a program is started. */
export interface Setting {
  /** The directory that it sees as /. */
  readonly root: string;
  /** A cgroup.procs file, of a cgroup that it is started in. */
  readonly cgroup?: string | undefined;
  /** How long it has until it waits, in seconds. */
  readonly patience?: number;
}

/** One life of a program, in nanoseconds since it was executed; 0 for what did not come. */
export interface Life {
  /** It takes SIGTERM from now on: blocked, or with a handler. */
  readonly armed: number;
  /** It sleeps and has nothing to do. */
  readonly waits: number;
  /** It ended by itself. */
  readonly ended: number;
  /** From SIGTERM until it was gone. */
  readonly gone: number;
  /** CPU time of all its threads, from its start to its end. */
  readonly cpu: number;
  /** Its exit code; -1 if a signal ended it. */
  readonly code: number;
  /** The signal that ended it, or 0; SIGKILL if it did not listen to SIGTERM for two seconds. */
  readonly signal: number;
  /** How exact all this is. */
  readonly blur: number;
}

/** How a command fared under an init; all but the code in nanoseconds. */
export type Relay =
  | { readonly start: number; readonly signals: readonly number[]; readonly exit: number }
  /** The init ended instead, with this code. */
  | { readonly code: number };

/** Times that are less exact than this, in nanoseconds, are measured again. */
const SHARP = 100_000;

/** How often, at most. */
const TRIES = 8;

/**
 * Starts a program, watches it until it waits, and then tells it to stop. Where somebody else had
 * the core meanwhile, it does so again.
 * @throws {Error} if it cannot be started
 */
export function life(setting: Setting, command: readonly string[]): Life {
  for (let tries = 1; ; tries++) {
    const lived = run([...options(setting), "life", ...command]) as Life;
    if (tries === TRIES || (lived.blur <= SHARP && hadTheCore(lived))) return lived;
  }
}

/** A program that starts from the page cache runs all the time; what it did not run, it waited. */
function hadTheCore({ waits, ended, gone, cpu }: Life): boolean {
  const took = waits + ended + gone;
  return took - cpu < 0.2 * took + SHARP;
}

/**
 * Has an init run "probe pong", and sends signals through it.
 * @param prefix the init and its options, none for the command alone
 */
export function relay(setting: Setting, count: number, prefix: readonly string[]): Relay {
  const board = "/board";
  const command = [...prefix, "/probe", "pong", board];
  return run([...options(setting), "relay", String(count), board, ...command]) as Relay;
}

/**
 * Starts a program again and again, and sends it one SIGTERM each time, later and later, until it
 * has been heard for a while. Those before are dropped if it is an init, else they end it.
 * @param step between the moments, in nanoseconds from exec on
 * @returns how long it is deaf on average, and the latest moment that it was; in nanoseconds
 */
export function window(
  setting: Setting,
  role: "init" | "other",
  step: number,
  command: readonly string[],
): { mean: number; latest: number } {
  const args = [...options(setting), "window", role, String(step), ...command];
  return run(args) as ReturnType<typeof window>;
}

/**
 * Makes orphans in the PID namespace of an init; they have ended when this returns.
 * @param each how many of them are left to it at a time
 */
export function orphans(init: number, count: number, each = 1): void {
  run(["orphans", String(init), String(count), String(each)]);
}

/**
 * Drops files from the page cache.
 * @returns how many of their pages remain, as somebody else has them mapped
 */
export function evict(files: readonly string[]): number {
  return (run(["evict", ...files]) as { resident: number }).resident;
}

type HoldingProbe = Bun.Subprocess<"pipe", "pipe", "pipe">;

/** Programs that are kept running. Use with `await using`: they are killed. */
export class Held {
  readonly #probe: HoldingProbe;
  /** In the order of their start. */
  readonly pids: readonly number[];
  /** From the first one's start until all wait, in nanoseconds. */
  readonly ready: number;

  private constructor(probe: HoldingProbe, { pids, ready }: Pick<Held, "pids" | "ready">) {
    this.#probe = probe;
    this.pids = pids;
    this.ready = ready;
  }

  /**
   * Starts programs, and returns when all wait.
   * @throws {Error} if one of them does not come to wait
   */
  static async start(setting: Setting, count: number, command: readonly string[]): Promise<Held> {
    const args = [...options(setting), "hold", String(count), ...command];
    const probe = Bun.spawn([PROBE, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    let line = "";
    for await (const chunk of probe.stdout) {
      line += Buffer.from(chunk).toString();
      if (line.endsWith("\n")) return new Held(probe, JSON.parse(line));
    }
    throw new Error(`Cannot hold ${command.join(" ")}: ${await new Response(probe.stderr).text()}`);
  }

  /** The only one, where there is one. */
  get pid(): number {
    return this.pids[0] ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#probe.stdin.end();
    await this.#probe.exited;
  }
}

function options({ root, cgroup, patience }: Setting): string[] {
  return [
    "-r",
    root,
    ...(cgroup === undefined ? [] : ["-c", cgroup]),
    ...(patience === undefined ? [] : ["-t", String(patience)]),
  ];
}

function run(args: readonly string[]): unknown {
  const { success, stdout, stderr } = Bun.spawnSync([PROBE, ...args]);
  if (!success) throw new Error(`Cannot measure: ${stderr.toString().trim()}`);
  return JSON.parse(stdout.toString());
}
