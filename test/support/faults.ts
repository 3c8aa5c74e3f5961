// Makes system calls of a process fail that has started already, and waits.

import { readFileSync } from "node:fs";

import { injecting, type Running } from "./process.ts";
import { until } from "./until.ts";

/** Faults as long as they last. Use with `await using`. */
export class Faults {
  readonly #strace: Bun.Subprocess;

  private constructor(strace: Bun.Subprocess) {
    this.#strace = strace;
  }

  /**
   * Has strace attach to it, so that what it does from now on is counted from 1 and fails.
   * @param faults in the syntax of strace's `inject`
   */
  static async into(pause: Running, ...faults: readonly string[]): Promise<Faults> {
    const strace = Bun.spawn(["strace", "-qq", ...injecting(...faults), `--attach=${pause.pid}`], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    await until("strace has attached", () => {
      if (strace.exitCode !== null) throw new Error(`strace: exit ${strace.exitCode}`);
      const status = readFileSync(`/proc/${pause.pid}/status`, "latin1");
      return status.includes(`\nTracerPid:\t${strace.pid}\n`);
    });
    return new Faults(strace);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#strace.kill("SIGKILL"); // The kernel detaches it.
    await this.#strace.exited;
  }
}
