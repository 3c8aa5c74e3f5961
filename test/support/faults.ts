// Makes system calls of a process fail that has started already, and waits.

import { injecting, type Running } from "./process.ts";

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
    const strace = Bun.spawn(["strace", ...injecting(...faults), `--attach=${pause.pid}`], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    // It says so once it has interrupted it as well: before, a call could get through unseen.
    let said = "";
    for await (const chunk of strace.stderr) {
      said += Buffer.from(chunk).toString();
      if (said.includes(" attached\n")) return new Faults(strace);
    }
    throw new Error(`Cannot attach strace: ${said}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#strace.kill("SIGKILL"); // The kernel detaches it.
    await this.#strace.exited;
  }
}
