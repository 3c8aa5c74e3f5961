// What the demo shows of its two pods, as lines for a terminal of 80 by 24.

import type { Member, View } from "./pod.ts";

/** The room that it takes, with what is written above and below a frame. */
export const SIZE = { columns: 80, rows: 23 } as const;

/** How text may look: "Select Graphic Rendition", console_codes(4). */
export const STYLES = { plain: "", bold: "1", dim: "2", bad: "1;31", good: "1;32" } as const;
export type Style = keyof typeof STYLES;

/** A piece of a line. */
type Piece = readonly [text: string, style?: Style];

/** The pod without a reaper, and that under pause. */
export type Pair = readonly [without: View, under: View];

const HALF = 39;
const MEMBERS = 9;
const BAR = 40;

/**
 * The lines of a frame; each fits the width.
 * @param done how far it is, from 0 to 1
 * @param time the same in words
 */
export function frame(pods: Pair, done: number, time: string, colours: boolean): string[] {
  const paint = ([text, style = "plain"]: Piece) =>
    colours && style !== "plain" && text !== "" ? `\x1b[${STYLES[style]}m${text}\x1b[m` : text;
  const line = (...pieces: readonly Piece[]) => ` ${pieces.map(paint).join("")}`;
  const both = ([text, style = "plain"]: Piece, right: Piece) =>
    line([text.slice(0, HALF).padEnd(HALF), style], right);

  const [without, under] = pods;
  const [left, right] = [list(without.members), list(under.members)];
  const filled = Math.round(BAR * done);
  return [
    line(["Two pods, in each of which somebody leaves an orphan four times a second", "bold"]),
    "",
    both(["PID 1 does not reap (sleep)", "bold"], ["PID 1 is pause", "bold"]),
    both(tally(without), tally(under)),
    both(marks(without, 0), marks(under, 0)),
    both(marks(without, 1), marks(under, 1)),
    "",
    both(HEAD, HEAD),
    ...Array.from({ length: MEMBERS }, (_, index) =>
      both(left[index] ?? [""], right[index] ?? [""]),
    ),
    "",
    done < 1
      ? line(
          ["━".repeat(filled), "good"],
          ["─".repeat(BAR - filled), "dim"],
          [` ${time}; Ctrl-C ends it`],
        )
      : line([verdict(pods), "bold"]),
  ];
}

const HEAD: Piece = ["  PID STATE  COMMAND", "dim"];

/** What there is to be seen, on one line. */
export function inWords(pods: Pair, seconds: number): string {
  const [without, under] = pods.map((pod) => tally(pod)[0]);
  return `${Math.round(seconds).toString().padStart(2)} s: without a reaper ${without}; under pause ${under}`;
}

/** What has come of it, in words. */
export function verdict([without, under]: Pair): string {
  return `${count(without.zombies)} without a reaper, ${count(under.zombies)} under pause.`;
}

/** "1 zombie", "no zombies". */
function count(zombies: number): string {
  return `${zombies === 0 ? "no" : zombies} ${zombies === 1 ? "zombie" : "zombies"}`;
}

function tally({ zombies, orphans }: View): Piece {
  const all = `${orphans} ${orphans === 1 ? "orphan" : "orphans"}`;
  return [`${count(zombies)} of ${all}`, zombies === 0 ? "good" : "bad"];
}

/** A mark for each zombie, in rows. */
function marks({ zombies }: View, row: number): Piece {
  const width = HALF - 3;
  return ["Z".repeat(zombies).slice(row * width, (row + 1) * width), "bad"];
}

/** The first members and, after a gap, the last. */
function list(members: readonly Member[]): Piece[] {
  const lines = members.map(({ pid, state, name }): Piece =>
    state === "Z"
      ? [`${pid}`.padStart(5) + ` Z      ${name} <defunct>`, "bad"]
      : [`${pid}`.padStart(5) + ` ${state}      ${name}`],
  );
  if (lines.length <= MEMBERS) return lines;
  const last = MEMBERS - 3;
  const between: Piece = [`      ... ${lines.length - 2 - last} more`, "dim"];
  return [...lines.slice(0, 2), between, ...lines.slice(-last)];
}
