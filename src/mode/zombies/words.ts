// Puts a process and a place into words that a terminal shows as they are.

import { quote } from "../../log.ts";
import type { Leaker, Zombie } from "./schema.ts";

/** Letters, numbers, punctuation and symbols, in their own order: what needs no quotes. */
const PLAIN = /^[\p{L}\p{N}\p{P}\p{S}]+$/u;

/**
 * A name that somebody chose, safe to print, in at most so many columns: in quotes, with everything
 * escaped that a terminal might act on, unless it is plain.
 */
export function safe(name: string, width: number): string {
  return cut(PLAIN.test(name) && !name.includes('"') ? name : quote(name), width);
}

/** A text in at most so many columns, with "…" where it had more. */
export function cut(text: string, width: number): string {
  if (Bun.stringWidth(text) <= width) return text;
  let kept = "";
  let columns = 1;
  for (const character of text) {
    columns += Bun.stringWidth(character);
    if (columns > width) break;
    kept += character;
  }
  return `${kept}…`;
}

/** A process: "nginx (4242)". */
export function label({ pid, name }: Pick<Leaker, "pid" | "name">): string {
  if (pid === 0) return "a process outside";
  return `${name === null ? "a process now gone" : safe(name, 24)} (${pid})`;
}

/** A place, from the outside in; a container's ID as short as people type it. */
export function place(where: NonNullable<Zombie["place"]>, width: number): string {
  const { pod, container, unit, user } = where;
  const parts = [
    ...(pod === null ? [] : [`pod ${safe(pod, 36)}`]),
    ...(container === null ? [] : [`container ${safe(container.slice(0, 12), 12)}`]),
    ...(unit === null ? [] : [safe(unit, 48)]),
    ...(user === null ? [] : [`user ${user}`]),
  ];
  return cut(parts.join(", "), width);
}

/** A sentence in lines of at most 80 columns, the later ones indented like the first one's text. */
export function wrap(text: string, bullet: string): string[] {
  const indent = " ".repeat(bullet.length);
  const lines: string[] = [];
  let line = bullet;
  for (const word of text.split(" ")) {
    const longer = line === bullet || line === indent ? line + word : `${line} ${word}`;
    if (Bun.stringWidth(longer) > 80 && line !== bullet && line !== indent) {
      lines.push(line);
      line = indent + word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
