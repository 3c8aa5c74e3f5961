// Storms, signals, stops and ends by chance, and the eyes that see what goes wrong.

import { Random } from "./random.ts";
import { Running } from "./process.ts";
import { BURST, FAREWELL, LISTENER, STOPPED_ORPHAN, STORM } from "./perl.ts";
import { until } from "./until.ts";

/** What to soak, and for how long. */
export interface Soak {
  readonly executable: string;
  readonly seconds: number;
  readonly seed: number;
  /** How many of the seconds each is stopped in one go, in a storm: a tenth unless said otherwise. */
  readonly stop?: number;
  /** Arguments of each that is to be soaked; all roles unless said otherwise. */
  readonly roles?: readonly Role[];
  readonly progress?: (line: string) => void;
}

export type Role = "parked" | "watching" | "running";

/** How long a zombie may stay, in milliseconds; a process that is stopped is not held to it. */
const ZOMBIE = 1000;

/** How long a signal may take, in milliseconds, until it counts as lost. */
const LOST = 5000;

/** How much its own memory may grow once it is warm, in kB. */
const GROWTH = 64;

/** One that is soaked, and what is expected of it. */
class Soaked {
  readonly role: Role;
  readonly pause: Running;
  readonly #executable: string;
  readonly #zombies = new Map<number, number>();
  #warm: number | undefined;
  #expected = 0;
  orphans = 0;
  signals = 0;
  stops = 0;
  ends = 0;

  private constructor(role: Role, pause: Running, executable: string) {
    this.role = role;
    this.pause = pause;
    this.#executable = executable;
  }

  static async start(role: Role, executable: string): Promise<Soaked> {
    const args = {
      parked: [],
      watching: ["--watch"],
      running: ["--", "perl", "-e", LISTENER, "command"],
    }[role];
    const pause = await Running.start({ command: [executable, ...args] });
    if (role === "running") await pause.printed("command listens\n");
    return new Soaked(role, pause, executable);
  }

  /** Does one thing to it. */
  async disturb(random: Random): Promise<void> {
    const count = 1 + random.below(200);
    switch (random.below(7)) {
      case 0:
      case 1:
        this.orphans += count;
        await this.pause.perl(BURST, count);
        return;
      case 2:
        this.orphans += count;
        await this.pause.perl(STORM, count);
        return;
      case 3: {
        // One after the other, so that none may merge with one that is pending.
        for (let sent = 0; sent < 20; sent++) {
          const signal = random.one(["SIGHUP", "SIGUSR2", "SIGWINCH", "SIGCHLD"] as const);
          // Parked or watching, those are nobody's but PID 1's, for which they do nothing.
          this.pause.kill(signal);
          if (signal !== "SIGCHLD") await this.#heard();
          this.signals++;
        }
        return;
      }
      case 4:
        this.pause.kill("SIGSTOP");
        await Bun.sleep(random.below(50));
        this.pause.kill("SIGCONT");
        if (this.role === "running") await this.#heard();
        this.stops++;
        return;
      case 5:
        await this.pause.perl(STOPPED_ORPHAN);
        this.#endChildren("T");
        this.orphans++;
        return;
      case 6: {
        // Another one like it is told to end, in the midst of orphans: nothing comes after that.
        const other = await Soaked.start(this.role, this.#executable);
        try {
          await other.pause.perl(FAREWELL, 20, random.below(5000)).catch(() => ""); // It ends too.
          await other.#end();
        } finally {
          await other.pause[Symbol.asyncDispose]();
        }
        this.orphans += 20;
        this.ends++;
      }
    }
  }

  /** Does something to it, and tells of its end rather than of what fails for that. */
  async survives(doing: () => Promise<void>): Promise<void> {
    try {
      await doing();
    } catch (failure) {
      const end = await this.pause.ended(1000).catch(() => undefined);
      if (end === undefined) throw failure;
      throw new Error(`${this.role}: it has ended with ${end.code}`, { cause: failure });
    }
  }

  /** Stops it for some seconds, in a storm; what comes meanwhile must not be lost. */
  async stop(seconds: number, random: Random): Promise<void> {
    this.pause.kill("SIGSTOP");
    await until("it is stopped", () => this.pause.stat().state === "T");
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      const count = 1 + random.below(20);
      this.orphans += count;
      await this.pause.perl(STORM, count);
      await Bun.sleep(seconds * 10); // Zombies have PIDs too.
    }
    const signals = ["SIGHUP", "SIGUSR2", "SIGWINCH"] as const;
    for (const signal of signals) this.pause.kill(signal);
    this.pause.kill("SIGCONT");
    this.#zombies.clear(); // Only from now on is it late.
    await this.#heard(signals.length + 1);
    this.signals += signals.length;
    this.stops++;
  }

  /** Ends its children, or those in one state. */
  #endChildren(state?: string): void {
    for (const pid of this.pause.childPids(state)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
  }

  /** A command says each signal that it gets. */
  async #heard(count = 1): Promise<void> {
    if (this.role !== "running") return;
    this.#expected += count;
    const lines = () => this.pause.stdout.split("\n").length - 2;
    await until("the command has got the signal", () => lines() >= this.#expected, LOST).catch(
      () => {
        throw new Error(`A signal is lost: of ${this.#expected} the command has got ${lines()}`);
      },
    );
  }

  /** Fails for what must not be. */
  look(): void {
    const { pause, role } = this;
    const now = performance.now();
    const zombies = pause.childPids("Z");
    for (const pid of this.#zombies.keys()) if (!zombies.includes(pid)) this.#zombies.delete(pid);
    for (const pid of zombies) {
      const since = this.#zombies.get(pid) ?? now;
      this.#zombies.set(pid, since);
      if (now - since > ZOMBIE) throw new Error(`${role}: ${pid} is a zombie for over a second`);
    }
    if (pause.status().threads !== 1) throw new Error(`${role}: it has a second thread`);
  }

  /** The memory of its own, in kB. proc_pid_status(5) */
  memory(): number {
    return this.pause.field("RssAnon");
  }

  /** From now on its memory must not grow. */
  warm(): void {
    this.#warm ??= this.memory();
  }

  /** Ends it, and fails if it does not end as it is to. */
  async finish(): Promise<void> {
    this.look();
    const growth = this.memory() - (this.#warm ?? Number.POSITIVE_INFINITY);
    if (growth > GROWTH) throw new Error(`${this.role}: its memory has grown by ${growth} kB`);
    this.pause.kill("SIGTERM");
    await this.#end();
  }

  /** Fails if it does not end by a SIGTERM that it was sent, as it is to. */
  async #end(): Promise<void> {
    await this.#heard();
    const isRunning = this.role === "running";
    if (isRunning) this.#endChildren();
    const { code } = await this.pause.ended(LOST).catch(() => {
      throw new Error(`${this.role}: SIGTERM is lost`);
    });
    if (code !== (isRunning ? 137 : 0)) throw new Error(`${this.role}: it has ended with ${code}`);
  }
}

/**
 * Soaks each role, all at once.
 * @returns what was done, in words
 * @throws {Error} at the first thing that goes wrong
 */
export async function soak(options: Soak): Promise<string> {
  const { executable, seconds, seed, progress } = options;
  const { roles = ["parked", "watching", "running"], stop = seconds / 10 } = options;
  const begin = performance.now();
  const end = begin + seconds * 1000;
  const all: Soaked[] = [];
  const words = () => {
    const sum = (what: "orphans" | "signals" | "stops" | "ends") =>
      all.reduce((total, each) => total + each[what], 0);
    const time = Math.round((performance.now() - begin) / 1000);
    const counts = (["orphans", "signals", "stops", "ends"] as const).map(
      (what) => `${sum(what)} ${what}`,
    );
    return `${time} s, ${counts.join(", ")}`;
  };
  try {
    for (const role of roles) all.push(await Soaked.start(role, executable));
    const lane = async (soaked: Soaked, index: number) => {
      const random = new Random(seed + index);
      let stopAt = begin + random.below(end - begin - stop * 1000);
      while (performance.now() < end) {
        const isTime = performance.now() >= stopAt;
        if (isTime) stopAt = Number.POSITIVE_INFINITY;
        await soaked.survives(async () => {
          await (isTime ? soaked.stop(stop, random) : soaked.disturb(random));
          soaked.look();
          if (performance.now() > begin + (end - begin) / 3) soaked.warm();
        });
        progress?.(words());
      }
      await until(
        `${soaked.role}: no zombie is left`,
        () => soaked.pause.children("Z") === 0,
        ZOMBIE,
      );
      await soaked.finish();
    };
    await Promise.all(all.map(lane));
    return words();
  } finally {
    for (const { pause } of all) await pause[Symbol.asyncDispose]();
  }
}
