// npm run demo: what it shows is what there is, and nothing of it is left.

import { expect, test } from "bun:test";
import { join } from "node:path";

import { draw, PICTURE, RECORDING } from "../../tools/demo/picture.ts";
import { SIZE } from "../../tools/demo/frame.ts";
import { needing } from "../support/needs.ts";
import { childrenOf, readStat } from "../support/process.ts";
import { until } from "../support/until.ts";

const DEMO = [process.execPath, join(import.meta.dirname, "../../tools/demo.ts")];
const CONTROL = /\p{Cc}\[[?\d;]*[A-Za-z]/gu;
const SGR = /\p{Cc}\[[\d;]*m/gu;

/** The demo on a terminal of 80 by 24. */
function onTerminal(env: Record<string, string> = {}) {
  const seen = { screen: "" };
  const child = Bun.spawn(DEMO, {
    env: { PATH: process.env["PATH"] ?? "", TERM: "xterm", ...env },
    terminal: {
      cols: 80,
      rows: 24,
      data: (_, bytes) => void (seen.screen += Buffer.from(bytes).toString()),
    },
  });
  return { child, seen, terminal: child.terminal! };
}

/** PID 1 of each of its pods, by its name. */
const firstOf = (demo: number, name: string) =>
  childrenOf(demo)
    .flatMap(childrenOf)
    .find((pid) => readStat(pid)?.name === name);

const zombiesOf = (pid: number) =>
  childrenOf(pid).filter((child) => readStat(child)?.state === "Z").length;

needing("namespaces")(
  "on a terminal it counts real zombies, and Ctrl-C ends all of it",
  async () => {
    const { child, seen, terminal } = onTerminal();
    try {
      const [deaf, pause] = await until("both pods run", () => {
        const found = [firstOf(child.pid, "sleep"), firstOf(child.pid, "pause")];
        return found.every((pid) => pid !== undefined) ? (found as number[]) : undefined;
      });
      await until("it counts some", () => /[4-9] zombies of/.test(seen.screen));
      expect(zombiesOf(deaf!)).toBeGreaterThanOrEqual(4);
      await until("pause has none", () => zombiesOf(pause!) === 0);
      expect(seen.screen).toContain("no zombies of");
      expect(seen.screen).toMatch(/\d of \d+ s; Ctrl-C ends it/);
      terminal.write("\x03");
      expect(await child.exited).toBe(130);
      expect([deaf, pause].map((pid) => readStat(pid!))).toEqual([undefined, undefined]);
      // The cursor is back, and lines go on.
      expect(seen.screen).toContain("\x1b[?7h\x1b[?25h");
      for (const shown of seen.screen.split(/\p{Cc}\[\d+A/u)) {
        const lines = shown.replace(CONTROL, "").split("\r\n");
        expect(lines.length).toBeLessThanOrEqual(SIZE.rows);
        expect(lines.filter((line) => line.trimEnd().length > SIZE.columns)).toEqual([]);
      }
    } finally {
      child.kill("SIGKILL");
      terminal.close();
    }
  },
);

needing("namespaces")(
  "to a pipe it writes plain lines, and ends by itself within 15 s",
  async () => {
    const start = performance.now();
    const plain = Bun.spawn(DEMO, { stdio: ["ignore", "pipe", "pipe"] });
    const { child, seen, terminal } = onTerminal({ NO_COLOR: "1" });
    const lines = (await new Response(plain.stdout).text()).trimEnd().split("\n");
    expect(await plain.exited).toBe(0);
    // The time is its own, and only a machine that has others to serve takes longer.
    expect(performance.now() - start).toBeLessThan(60_000);
    expect(lines.join("\n")).not.toContain("\x1b");
    expect(lines[0]).toMatch(/^ 1 s: without a reaper \d zombies? of \d orphans?; under pause /);
    expect(lines.at(-2)).toMatch(/^\d\d zombies without a reaper, no zombies under pause\.$/);
    expect(lines.at(-1)).toBe("Both pods have ended.");
    expect(await child.exited).toBe(0);
    terminal.close();
    expect(seen.screen.match(SGR)).toBeNull();
    expect(seen.screen).toContain("no zombies under pause.");
  },
);

test("without namespaces it says what it takes", () => {
  const { exitCode, stderr } = Bun.spawnSync(DEMO, { env: { PATH: "/nonexistent" } });
  expect(exitCode).toBe(1);
  expect(stderr.toString()).toStartWith(
    "Error: Cannot make a PID namespace: it takes unshare (of util-linux), and root or user\n",
  );
});

test("the README's picture is made from the recording", async () => {
  const picture = await Bun.file(PICTURE).text();
  expect(picture).toBe(draw(await Bun.file(RECORDING).text()));
  expect(openElements(picture)).toEqual([]);
  // Well-formed is what is not so without one of its ends.
  expect(openElements(picture.replace("</text>", ""))).not.toEqual([]);
  expect(picture).toMatch(/<title.*>\d+ zombies of \d+ orphans, no zombies of \d+ orphans/);
  expect(picture).not.toMatch(/href|url\(|@import/);
});

/** Goes through XML, and returns what is open where it stops: nothing, if that is its end. */
function openElements(xml: string): string[] {
  const open: string[] = [];
  const attributes = /(?: [\w:-]+="[^"<&]*")*/.source;
  const token = new RegExp(`<(/?)(\\w+)(${attributes})(/?)>|[^<&]+|&(?:lt|gt|amp);`, "y");
  while (token.lastIndex < xml.length) {
    const at = token.lastIndex;
    const found = token.exec(xml);
    if (found === null) return [...open, `at ${at}: ${xml.slice(at, at + 40)}`];
    const [, ends, name, , empty] = found;
    if (name === undefined || empty) continue;
    if (!ends) open.push(name);
    else if (open.pop() !== name) return [...open, `</${name}> at ${at}`];
  }
  return open;
}
