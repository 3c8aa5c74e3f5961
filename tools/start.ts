// npm start: builds pause and runs it as PID 1 of a PID namespace of its own.

import { readFileSync } from "node:fs";

import { build } from "../build.ts";

/** How to get a PID namespace, in the order in which to try. unshare(1) */
const WAYS = [
  { how: "in a PID namespace of its own", unshare: [] },
  { how: "in a PID and a user namespace of its own", unshare: ["--user", "--map-root-user"] },
].map(({ how, unshare }) => ({
  how,
  command: ["unshare", ...unshare, "--pid", "--fork", "--mount-proc", "--kill-child"],
}));

const NO_WAY = {
  how: "as an ordinary process (for a PID namespace it needs unshare(1), and root or user namespaces)",
  command: [],
};

/** Whether a command prefix works here. */
function works(command: readonly string[]): boolean {
  if (Bun.which("unshare") === null) return false;
  return Bun.spawnSync([...command, "true"], { stdio: ["ignore", "ignore", "ignore"] }).success;
}

const executable = await build();
const way = WAYS.find(({ command }) => works(command)) ?? NO_WAY;
process.stderr.write(
  `This is pause ${way.how}: it holds the namespaces open and reaps orphans.\nStop it with Ctrl-C.\n`,
);

const child = Bun.spawn([...way.command, executable, ...process.argv.slice(2)], {
  stdio: ["inherit", "inherit", "inherit"],
});

/** pause itself: the one child of unshare, or the child where there is no unshare. */
function pausePid(): number {
  if (way === NO_WAY) return child.pid;
  return Number.parseInt(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8"));
}

// Ctrl-C reaches pause by itself; a signal sent to this process alone is passed on.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    try {
      process.kill(pausePid(), signal === "SIGINT" ? signal : "SIGTERM");
    } catch {
      // It has gone already, or is not there yet: then unshare ends with the next one.
    }
  });
}
process.exitCode = await child.exited;
