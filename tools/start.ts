// npm start: builds pause and runs it as PID 1 of a PID namespace of its own.

import { readFileSync } from "node:fs";

import { build } from "../build.ts";
import { wayIntoNamespace, type Way } from "./namespace.ts";

const NO_WAY: Way = {
  how: "as an ordinary process (a PID namespace takes unshare(1), and root or user namespaces)",
  command: [],
};

const executable = await build();
const way = wayIntoNamespace() ?? NO_WAY;
process.stderr.write(
  `This is pause ${way.how}: it stays, and reaps orphans.\nStop it with Ctrl-C.\n`,
);

// Ctrl-C reaches pause by itself; a signal sent to this process alone is passed on. Before there is
// anything to end, so that none ends this process and leaves pause to itself.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    try {
      process.kill(pausePid(), signal === "SIGINT" ? signal : "SIGTERM");
    } catch {
      // It has gone already.
    }
  });
}

const child = Bun.spawn([...way.command, executable, ...process.argv.slice(2)], {
  stdio: ["inherit", "inherit", "inherit"],
});

/** pause itself: the one child of unshare, or the child where there is no unshare. */
function pausePid(): number {
  if (way === NO_WAY) return child.pid;
  return Number.parseInt(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8"));
}

process.exitCode = await child.exited;
