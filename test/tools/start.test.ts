// That a fresh clone needs npm start and nothing else.

import { expect } from "bun:test";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { needing } from "../support/needs.ts";
import { parked } from "../support/image.ts";
import { until } from "../support/until.ts";

const root = join(import.meta.dirname, "../..");

/** Time for npm to install and Bun to build, on a slow day. In milliseconds. */
const SET_UP = 300_000;

needing("git", "script", "namespaces")(
  "npm start in a fresh clone sets up, builds and runs pause as PID 1; Ctrl-C ends it with 0",
  async () => {
    const clone = mkdtempSync(join(tmpdir(), "pause-clone-"));
    try {
      copyTrackedFiles(clone);
      // script(1) gives it a terminal, on which the byte 3 is Ctrl-C. It runs a shell; a dash that
      // stayed in between would die by that, whatever npm exits with.
      const terminal = Bun.spawn(["script", "-qec", "exec npm start", "/dev/null"], {
        cwd: clone,
        env: { ...process.env, npm_config_ignore_scripts: "true" },
        stdio: ["pipe", "pipe", "ignore"],
      });
      let screen = "";
      const reading = (async () => {
        for await (const chunk of terminal.stdout) screen += Buffer.from(chunk).toString();
      })();
      await until("it says how to stop it", () => screen.includes("Stop it with Ctrl-C"), SET_UP);
      expect(screen).toContain("Installing the locked dependencies");
      expect(screen).toContain("Building dist/pause");
      expect(screen).toContain("This is pause in a PID");
      const running = () => processesOf(join(clone, "dist/pause"));
      await parked(await until("pause is there", () => running()[0]));
      expect(running().map((pid) => /^NSpid:.*\t1$/m.test(status(pid)))).toContain(true);
      terminal.stdin.write("\x03");
      terminal.stdin.flush();
      expect(await terminal.exited).toBe(0);
      await reading;
      expect(screen).toContain("Shutting down, got signal: Interrupt\r\n");
      expect(screen).not.toContain("Warning: pause should be the first process");
      expect(running()).toEqual([]);
    } finally {
      rmSync(clone, { recursive: true });
    }
  },
  SET_UP,
);

/** The clone that the next commit would give: the files git knows or would be told of. */
function copyTrackedFiles(target: string): void {
  const list = Bun.spawnSync(["git", "ls-files", "-z", "-co", "--exclude-standard"], { cwd: root });
  for (const file of list.stdout.toString().split("\0").filter(Boolean)) {
    cpSync(join(root, file), join(target, file), { recursive: true });
  }
}

/** The processes that a command line of the executable started. */
function processesOf(executable: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(`${executable}\0`);
      } catch {
        return false; // Not a process, or it ended meanwhile.
      }
    });
}

function status(pid: number): string {
  return readFileSync(`/proc/${pid}/status`, "utf8");
}
