// npm run demo: a pod whose PID 1 does not reap, beside one that pause holds.

import { build } from "../build.ts";
import { frame, inWords, type Pair, SIZE, verdict } from "./demo/frame.ts";
import { DEAF, Pod } from "./demo/pod.ts";
import { wayIntoNamespace } from "./namespace.ts";

/** How long it shows them; with the build that makes 15. */
const SECONDS = 12;

/** The signals that end it before, and the exit code that tells of each. */
const ENDED_BY = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** A way to show what there is to be seen. */
interface Display {
  /** Between two looks, in milliseconds. */
  readonly every: number;
  /** What to write for a look. */
  readonly draw: (pods: Pair, seconds: number) => string;
  /** What to write when all is over. */
  readonly end: string;
}

/** Lines, for a pipe or a file, or a terminal on which a frame has no room. */
const LINES: Display = {
  every: 1000,
  draw: (pods, seconds) => `${seconds < SECONDS ? inWords(pods, seconds) : verdict(pods)}\n`,
  end: "Both pods have ended.\n",
};

/** Frames, each in place of the one before. console_codes(4) */
function frames(): Display {
  const colours = !process.env["NO_COLOR"]; // https://no-color.org
  let before = "\n\x1b[?25l\x1b[?7l"; // No cursor, and no line goes on in the next.
  return {
    every: 250,
    draw(pods, seconds) {
      const lines = frame(
        pods,
        seconds / SECONDS,
        `${Math.floor(seconds)} of ${SECONDS} s`,
        colours,
      );
      const text = before + lines.map((line) => `${line}\x1b[K\n`).join("");
      before = `\x1b[${lines.length}A`;
      return text;
    },
    end: "\x1b[?7h\x1b[?25h Both pods have ended.\n",
  };
}

function display(): Display {
  const { isTTY, columns, rows } = process.stdout;
  const room = isTTY && columns >= SIZE.columns && rows >= SIZE.rows;
  return room && process.env["TERM"] !== "dumb" ? frames() : LINES;
}

const way = wayIntoNamespace();
if (way === undefined) {
  process.stderr.write(
    "Error: Cannot make a PID namespace: it takes unshare (of util-linux), and root or user\n" +
      "namespaces for everybody (sysctl user.max_user_namespaces, and what the distribution has)\n",
  );
  process.exit(1);
}
const executable = await build();

let signal: keyof typeof ENDED_BY | undefined;
const names = Object.keys(ENDED_BY) as (keyof typeof ENDED_BY)[];
for (const name of names) process.on(name, () => (signal ??= name));
// Nor is anything to be left behind where nobody reads any more.
process.stdout.on("error", () => (signal ??= "SIGHUP"));

const { every, draw, end } = display();
const pods = [new Pod(way, DEAF), new Pod(way, [executable])] as const;
try {
  const start = performance.now();
  for (let look = 1, seconds = 0; signal === undefined && seconds < SECONDS; look++) {
    await Bun.sleep(Math.min(look * every, 1000 * SECONDS) - (performance.now() - start));
    seconds = Math.min(SECONDS, (performance.now() - start) / 1000);
    process.stdout.write(draw([pods[0].look(), pods[1].look()], seconds));
  }
} finally {
  await Promise.all(pods.map((pod) => pod.end()));
  process.stdout.write(end);
}
if (signal !== undefined) process.exitCode = ENDED_BY[signal];
