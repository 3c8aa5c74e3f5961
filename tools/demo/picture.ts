// The README's picture, made from a recording of the demo on a terminal.
//
//   bun tools/demo/picture.ts record   runs the demo, writes docs/demo.cast and docs/demo.svg
//   bun tools/demo/picture.ts          writes docs/demo.svg from docs/demo.cast
//
// The recording is an asciicast, which `asciinema play` shows too.
// https://docs.asciinema.org/manual/asciicast/v2/

import { join } from "node:path";

import { SIZE, type Style, STYLES } from "./frame.ts";

const root = join(import.meta.dirname, "../..");
export const RECORDING = join(root, "docs/demo.cast");
export const PICTURE = join(root, "docs/demo.svg");

/** What was written on the terminal, and when, in seconds. */
type Event = readonly [time: number, kind: "o", text: string];

/** Runs the demo on a terminal of its own. */
async function record(): Promise<string> {
  const events: Event[] = [];
  const decoder = new TextDecoder();
  const start = performance.now();
  const demo = Bun.spawn([process.execPath, join(root, "tools/demo.ts")], {
    env: { PATH: process.env["PATH"] ?? "", TERM: "xterm" },
    terminal: {
      cols: SIZE.columns,
      rows: 24,
      data(_, bytes) {
        const time = Math.round(performance.now() - start) / 1000;
        events.push([time, "o", decoder.decode(bytes, { stream: true })]);
      },
    },
  });
  if ((await demo.exited) !== 0) throw new Error("Cannot record the demo: it failed");
  const head = { version: 2, width: SIZE.columns, height: 24, title: "npm run demo" };
  return `${[head, ...events].map((line) => JSON.stringify(line)).join("\n")}\n`;
}

/** A frame: its lines, and when it was shown. */
interface Frame {
  readonly time: number;
  readonly lines: readonly string[];
}

/**
 * The frames of a recording, one of each second and the last: what stands between two moves of the
 * cursor up to the first line.
 */
function framesOf(recording: string): Frame[] {
  const [, ...lines] = recording.trimEnd().split("\n");
  const events = lines.map((line) => JSON.parse(line) as Event);
  const frames: Frame[] = [];
  let text = "";
  for (const [time, , more] of events) {
    text += more;
    const parts = text.split(/\p{Cc}\[(?:\d+A|\?7[lh])/u);
    text = parts.pop() ?? "";
    for (const part of parts) {
      const lines = part.split("\x1b[K\r\n").slice(0, -1);
      if (lines.length > 0) frames.push({ time, lines });
    }
  }
  const seconds = frames.map(({ time }) => Math.floor(time - (frames[0]?.time ?? 0)));
  return frames.filter(
    (_, index) => index === frames.length - 1 || seconds[index] !== seconds[index - 1],
  );
}

/** Sizes in pixels. */
const CELL = { width: 8.4, height: 18 } as const;
const FONT = 14;
const MARGIN = 14;

/** How long the last frame stays, in seconds. */
const LAST = 4;

/** By style; on a background of its own, so that they can be read on a light and a dark page. */
const COLOURS: { readonly [style in Style]: string } = {
  plain: "#d0d7de",
  bold: "#ffffff",
  dim: "#848d97",
  bad: "#ff7b72",
  good: "#56d364",
};

/**
 * Draws a recording: the frames one below the other, on a strip that is drawn past the window. Where
 * nothing moves, it is the last one that shows.
 */
export function draw(recording: string): string {
  const frames = framesOf(recording);
  const last = frames.at(-1);
  if (last === undefined) throw new Error("Cannot draw the recording: it has no frame");
  const [width, height] = [
    Math.ceil(SIZE.columns * CELL.width + 2 * MARGIN),
    last.lines.length * CELL.height + 2 * MARGIN,
  ];
  const start = frames[0]?.time ?? 0;
  const total = last.time - start + LAST;
  const steps = frames.map(({ time }, index) => {
    const percent = ((100 * (time - start)) / total).toFixed(2);
    return `${percent}%{transform:translateY(${-index * height}px)}`;
  });
  const still = `transform:translateY(${-(frames.length - 1) * height}px)`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t">
<title id="t">${escape(textOf(last.lines[3] ?? ""))}: npm run demo, as recorded</title>
<style>
text{font:${FONT}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}
${Object.entries(COLOURS)
  .map(([style, colour]) => `.${style}{fill:${colour}}`)
  .join("")}.bold,.bad,.good{font-weight:bold}
.strip{${still};animation:run ${total.toFixed(2)}s step-end infinite}
@keyframes run{${steps.join("")}}
@media (prefers-reduced-motion:reduce){.strip{animation:none}}
</style>
<rect width="${width}" height="${height}" rx="8" fill="#0d1117" stroke="#30363d"/>
<g class="strip">
${frames.map(({ lines }, index) => drawFrame(lines, index * height)).join("\n")}
</g>
</svg>
`;
}

function drawFrame(lines: readonly string[], top: number): string {
  const rows = lines.flatMap((line, index) => {
    const y = top + MARGIN + index * CELL.height + FONT;
    return piecesOf(line).map(([text, style, column]) => {
      const x = (MARGIN + column * CELL.width).toFixed(1);
      // The width is set, so that columns stand below each other in whatever font there is.
      const length = (text.length * CELL.width).toFixed(1);
      return `<text class="${style}" x="${x}" y="${y}" textLength="${length}">${escape(text)}</text>`;
    });
  });
  return `<g>${rows.join("\n")}</g>`;
}

/** A line's words, or bars, in their style and by their column; without the spaces around. */
function piecesOf(line: string): (readonly [text: string, style: Style, column: number])[] {
  const styles = Object.keys(STYLES) as Style[];
  const pieces: (readonly [string, Style, number])[] = [];
  let column = 0;
  let style: Style = "plain";
  for (const part of line.split(/(\p{Cc}\[[\d;]*m)/u)) {
    const code = /^\p{Cc}\[([\d;]*)m$/u.exec(part)?.[1];
    if (code !== undefined) {
      style = styles.find((each) => STYLES[each] === code) ?? "plain";
      continue;
    }
    for (const { 0: text, index } of part.matchAll(/\S+( {1,2}\S+)*/g)) {
      pieces.push([text, style, column + index]);
    }
    column += part.length;
  }
  return pieces;
}

/** A line's text alone, with a comma between its columns. */
function textOf(line: string): string {
  return line
    .replace(/\p{Cc}\[[\d;]*m/gu, "")
    .trim()
    .replace(/ {2,}/g, ", ");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

if (import.meta.main) {
  if (process.argv[2] === "record") await Bun.write(RECORDING, await record());
  await Bun.write(PICTURE, draw(await Bun.file(RECORDING).text()));
}
