// Storms, signals and stops by chance, and the eyes that see what goes wrong.

import { Random } from "./random.ts";
import { Running } from "./process.ts";
import { BURST, LISTENER, STOPPED_ORPHAN, STORM } from "./perl.ts";
import { until } from "./until.ts";

/** What to soak, and for how long. */
export interface Soak {
  readonly executable: string;
  readonly seconds: number;
  readonly seed: number;
  /** Arguments of each that is to be soaked; all roles unless said otherwise. */
  readonly roles?: readonly Role[];
  readonly progress?: (line: string) => void;
}

export type Role = "parked" | "watching" | "running";

/** How long a zombie may stay, in milliseconds; a process that is stopped is not held to it. */
const ZOMBIE = 1000;

/** How much its own memory may grow once it is warm, in kB. */
const GROWTH = 64;

/** One that is soaked, and what is expected of it. */
class Soaked {
  readonly role: Role;
  readonly pause: Running;
  readonly #zombies = new Map<number, number>();
  #warm: number | undefined;
  #expected = 0;
  orphans = 0;
  signals = 0;
  stops = 0;

  private constructor(role: Role, pause: Running) {
    this.role = role;
    this.pause = pause;
  }

  static async start(role: Role, executable: string): Promise<Soaked> {
    const args = {
      parked: [],
      watching: ["--watch"],
      running: ["--", "perl", "-e", LISTENER, "command"],
    }[role];
    const pause = await Running.start({ command: [executable, ...args] });
    if (role === "running") await pause.printed("command listens\n");
    return new Soaked(role, pause);
  }

  /** Does one thing to it. */
  async disturb(random: Random): Promise<void> {
    const count = 1 + random.below(200);
    switch (random.below(6)) {
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
        for (const pid of this.pause.childPids("T")) process.kill(pid, "SIGKILL");
        this.orphans++;
    }
  }

  /** A command says each signal that it gets. */
  async #heard(): Promise<void> {
    if (this.role !== "running") return;
    this.#expected++;
    const lines = () => this.pause.stdout.split("\n").length - 2;
    await until("the command has got the signal", () => lines() >= this.#expected, 5000).catch(
      () => {
        throw new Error(`A signal is lost: of ${this.#expected} the command has got ${lines()}`);
      },
    );
  }

  /** Fails for what must not be. */
  look(): void {
    const { pause, role } = this;
    if (pause.hasEnded()) throw new Error(`${role}: it has ended`);
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
    if (this.role === "running") {
      this.pause.kill("SIGTERM");
      await this.#heard();
      for (const pid of this.pause.childPids()) process.kill(pid, "SIGKILL");
      const { code } = await this.pause.ended();
      if (code !== 137) throw new Error(`${this.role}: it has ended with ${code}`);
      return;
    }
    const { code } = await this.pause.stop().catch(() => {
      throw new Error(`${this.role}: SIGTERM is lost`);
    });
    if (code !== 0) throw new Error(`${this.role}: it has ended with ${code}`);
  }
}

/**
 * Soaks each role, all at once.
 * @returns what was done, in words
 * @throws {Error} at the first thing that goes wrong
 */
export async function soak(options: Soak): Promise<string> {
  const { executable, seconds, seed, progress } = options;
  const { roles = ["parked", "watching", "running"] } = options;
  const begin = performance.now();
  const end = begin + seconds * 1000;
  const all: Soaked[] = [];
  const words = () => {
    const sum = (what: "orphans" | "signals" | "stops") =>
      all.reduce((total, each) => total + each[what], 0);
    const time = Math.round((performance.now() - begin) / 1000);
    return `${time} s, ${sum("orphans")} orphans, ${sum("signals")} signals, ${sum("stops")} stops`;
  };
  try {
    for (const role of roles) all.push(await Soaked.start(role, executable));
    const lane = async (soaked: Soaked, index: number) => {
      const random = new Random(seed + index);
      while (performance.now() < end) {
        await soaked.disturb(random);
        soaked.look();
        if (performance.now() > begin + (end - begin) / 3) soaked.warm();
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
