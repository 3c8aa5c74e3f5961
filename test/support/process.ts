// A running pause, as a test sees it from the host: started, looked at, signalled, ended.

import { readdirSync, readFileSync } from "node:fs";

import { Signal } from "../../src/libc/abi.ts";
import { maskOf } from "../../src/libc/signals.ts";
import { parseStatus, type Status } from "../../src/process/status.ts";
import { wayIntoNamespace } from "../../tools/namespace.ts";
import { PAUSE } from "./executables.ts";
import { NEVER, until } from "./until.ts";

const SEGV = maskOf(Signal.SIGSEGV);
const TERM = maskOf(Signal.SIGTERM);
const ALRM = maskOf(Signal.SIGALRM);

/** How to start it. */
export interface StartOptions {
  /** The program and its arguments; pause without arguments unless said otherwise. */
  readonly command?: readonly string[];
  /** As PID 1 of a PID namespace (the default), or as an ordinary process. */
  readonly init?: boolean;
  /** Commands in front of it, such as env or setpriv; within the namespace. */
  readonly prefix?: readonly string[];
  /** Runs it as an ordinary process under strace, with these options. */
  readonly strace?: readonly string[];
  /** The environment; this process's unless said otherwise. */
  readonly env?: Record<string, string>;
  /** A descriptor for its stderr, which then is not read. */
  readonly stderr?: number;
}

type Child = Bun.Subprocess<"ignore", "pipe", "pipe" | number>;

/** How it ended. */
export interface End {
  /** Its exit code, or 128 + n when signal n ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process and, if it is PID 1, the namespace it holds. Use with `await using`: it is killed. */
export class Running {
  /** pause's PID in the host's namespace. */
  readonly pid: number;
  /** Settles when it has ended. */
  readonly end: Promise<End>;
  /** What it has written on stdout so far. */
  stdout = "";
  /** The same for stderr, unless it is given a descriptor for it. */
  stderr = "";
  readonly #child: Child;

  private constructor(child: Child, pid: number) {
    this.#child = child;
    this.pid = pid;
    const read = async (stream: unknown, name: "stdout" | "stderr") => {
      if (!(stream instanceof ReadableStream)) return;
      const decoder = new TextDecoder();
      for await (const chunk of stream) this[name] += decoder.decode(chunk, { stream: true });
    };
    const reading = [read(child.stdout, "stdout"), read(child.stderr, "stderr")];
    this.end = child.exited.then(async (code) => {
      await Promise.all(reading);
      return { code, stdout: this.stdout, stderr: this.stderr };
    });
  }

  /** Starts it, without waiting for anything. */
  static async spawn(options: StartOptions = {}): Promise<Running> {
    const {
      command = [PAUSE],
      strace,
      init = !strace,
      prefix = [],
      env,
      stderr = "pipe",
    } = options;
    const tracer = strace ? ["strace", "-f", "-qq", ...strace] : [];
    const wrapper = init ? (wayIntoNamespace()?.command ?? []) : tracer;
    const child = Bun.spawn([...wrapper, ...prefix, ...command], {
      stdio: ["ignore", "pipe", stderr],
      ...(env && { env }),
    });
    if (wrapper.length === 0) return new Running(child, child.pid);
    // Not a child that is still the wrapper itself: strace first tries things out in some.
    return new Running(
      child,
      await until("it is started", () =>
        // It may have ended already: then its PID is not wanted any more.
        child.exitCode === null && child.signalCode === null
          ? childrenOf(child.pid).find((pid) => (readStat(pid)?.name ?? wrapper[0]) !== wrapper[0])
          : child.pid,
      ),
    );
  }

  /** Starts it and waits until it waits for signals. */
  static async start(options: StartOptions = {}): Promise<Running> {
    const running = await Running.spawn(options);
    await running.ready();
    return running;
  }

  /** Waits until the runtime's handlers are gone and it sleeps: the last step before the wait. */
  async ready(): Promise<void> {
    await until("pause waits for signals", () => {
      if (this.hasEnded()) throw new Error("It has ended");
      // Before and after: what slept in between did so neither before they came nor before they went.
      const areGone = () => (this.status().caught & SEGV) === 0;
      const sleeps = ({ name, state }: Stat) => name === "pause" && state === "S";
      return areGone() && sleeps(this.stat()) && areGone();
    });
  }

  /** Waits until what it has written on stdout is just this. */
  async printed(text: string): Promise<void> {
    await until(`it has printed ${JSON.stringify(text)}`, () => this.stdout === text).catch(() => {
      throw new Error(`It has printed ${JSON.stringify(this.stdout)}, not ${JSON.stringify(text)}`);
    });
  }

  /** Waits until its only child is of this name, and sleeps. */
  async settled(name: string, deadline = NEVER): Promise<void> {
    const only = () => {
      const [pid, ...more] = this.childPids();
      const stat = pid === undefined ? undefined : readStat(pid);
      return more.length === 0 && stat?.name === name && stat.state === "S";
    };
    await until(`${name} is its only child`, only, deadline);
  }

  /** Whether it has ended. */
  hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Its status file. proc_pid_status(5) */
  status(): Status {
    return parseStatus(readFileSync(`/proc/${this.pid}/status`, "latin1"));
  }

  /** A number from its status file; sizes are in kB. proc_pid_status(5) */
  field(name: string): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "latin1");
    return Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(status)?.[1]);
  }

  /** Its stat file. */
  stat(): Stat {
    return readStat(this.pid) ?? { name: "", state: "", parent: 0 };
  }

  /** Its children, or those in one state: "Z" is a zombie, "T" is stopped. proc_pid_stat(5) */
  children(state?: string): number {
    return this.childPids(state).length;
  }

  /** The same, by their PIDs. */
  childPids(state?: string): number[] {
    return childrenOf(this.pid).filter((pid) => {
      const stat = readStat(pid); // Once: between two looks its state may change.
      return stat !== undefined && (state === undefined || stat.state === state);
    });
  }

  /** The names of its children. */
  names(): string[] {
    return this.childPids().map((pid) => readStat(pid)?.name ?? "");
  }

  /** The CPU time it has used, user and system, in clock ticks of 10 ms. */
  cpuTicks(): number {
    const fields = this.#statFields();
    return Number(fields[13]) + Number(fields[14]);
  }

  /** How often it has waited for a page to be read from the disk: major faults. */
  pagesRead(): number {
    return Number(this.#statFields()[11]);
  }

  /** In the order of proc_pid_stat(5); its name has no spaces. */
  #statFields(): string[] {
    return readFileSync(`/proc/${this.pid}/stat`, "latin1").split(" ");
  }

  /**
   * Looks, without a pause, until it blocks SIGTERM, or has parked; undefined if it is not to be seen
   * yet.
   * @returns the time, by performance.now()
   */
  armed(): number | undefined {
    for (let look = 0; look < 1000; look++) {
      const { blocked, caught } = this.status();
      // Parked, it sleeps with SIGTERM as if it were open, and has a handler for SIGALRM.
      if (((blocked | caught) & TERM) !== 0 || (caught & ALRM) !== 0) return performance.now();
    }
    return undefined;
  }

  /** Waits until it has no child left, neither a zombie nor a living one. */
  async childrenGone(): Promise<void> {
    await until("no child is left", () => this.children() === 0);
  }

  /** Sends it a signal from the host: from outside its PID namespace, if it is PID 1. */
  kill(signal: NodeJS.Signals | number): void {
    process.kill(this.pid, signal);
  }

  /**
   * Runs a command within the namespace and waits for its end. Its parent is outside, so that it
   * leaves nothing to PID 1 but what it orphans on purpose.
   * @returns its stdout
   */
  async inside(...command: readonly string[]): Promise<string> {
    const user = process.getuid?.() === 0 ? [] : ["--user", "--preserve-credentials"];
    const enter = ["nsenter", `--target=${this.pid}`, ...user, "--pid", "--mount"];
    const child = Bun.spawn([...enter, ...command], { stdio: ["ignore", "pipe", "pipe"] });
    const stdout = await new Response(child.stdout).text();
    if ((await child.exited) !== 0) {
      throw new Error(`${command.join(" ")}: ${await new Response(child.stderr).text()}`);
    }
    return stdout;
  }

  /** Runs a Perl program within the namespace: perl can fork, and is on every Debian. */
  perl(program: string, ...args: readonly (string | number)[]): Promise<string> {
    return this.inside("perl", "-e", program, ...args.map(String));
  }

  /** Sends a signal, waits for the end, and fails if it does not come. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<End> {
    this.kill(signal);
    return this.ended();
  }

  /** Waits for the end, and fails if it does not come. */
  async ended(deadline = NEVER): Promise<End> {
    await until("pause has ended", () => this.hasEnded(), deadline);
    return this.end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Its command would live on, if it has one.
    for (const pid of this.hasEnded() ? [] : [this.pid, ...descendantsOf(this.pid)]) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has just ended.
      }
    }
    this.#child.kill("SIGKILL"); // unshare or strace, should it wait for anybody else.
    await this.#child.exited;
  }
}

/** Runs pause with arguments, as an ordinary process, to its end. */
export async function runPause(...args: readonly string[]): Promise<End> {
  await using pause = await Running.spawn({ command: [PAUSE, ...args], init: false });
  return await pause.ended();
}

/** strace's options for faults in the syntax of its `inject`. */
export function injecting(...faults: readonly string[]): string[] {
  const calls = faults.map((fault) => fault.split(":")[0]).join();
  return ["-o/dev/null", `-etrace=${calls}`, ...faults.map((fault) => `-einject=${fault}`)];
}

interface Stat {
  readonly name: string;
  readonly state: string;
  readonly parent: number;
}

/** The part of a stat file that matters here; undefined when there is no such process. */
export function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [, name, state, parent] = /^\d+ \((.*)\) (\S) (\d+) /s.exec(text) ?? [];
    return { name: name ?? "", state: state ?? "", parent: Number(parent) };
  } catch {
    return undefined; // It ended meanwhile.
  }
}

/** The PIDs of a process's children, and theirs, and so on. */
function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/**
 * The PIDs of all children of a process, whatever their state. Each thread has a list of its own;
 * one that changes while it is read may be incomplete. proc_tid_children(5)
 */
export function childrenOf(parent: number): number[] {
  try {
    return readdirSync(`/proc/${parent}/task`).flatMap((thread) =>
      readFileSync(`/proc/${parent}/task/${thread}/children`, "latin1")
        .split(" ")
        .filter(Boolean)
        .map(Number),
    );
  } catch {
    return []; // It has ended meanwhile.
  }
}
