// Says how pause is, on SIGUSR1, on one line.

import { say } from "../log.ts";
import { children } from "../process/children.ts";
import type { Orphans } from "../process/orphans.ts";
import { now } from "../process/signals.ts";

/**
 * Says how long this process is up, what runs under it, and what it has reaped.
 * @param command the PID of the command, where there is one
 */
export function reportState(orphans: Orphans, command?: number): void {
  const up = Math.round(now() / 1000);
  const running = children()?.length;
  const last = orphans.last();
  const parts = [
    `Up ${duration(up)}`,
    ...(command === undefined ? [] : [`command ${command} running`]),
    `${running ?? "unknown"} ${running === 1 ? "child" : "children"}`,
    `${orphans.reaped} ${orphans.reaped === 1 ? "orphan" : "orphans"} reaped`,
    ...(last === undefined ? [] : [last.text]),
  ];
  say(parts.join(", "), {
    event: "state",
    uptimeSeconds: up,
    ...(command !== undefined && { command }),
    ...(running !== undefined && { children: running }),
    orphansReaped: orphans.reaped,
    ...(last && { last: last.fields }),
  });
}

/** Seconds in words, the two largest units of them: "2 h 5 min". */
export function duration(seconds: number): string {
  const units = [
    ["d", Math.floor(seconds / 86_400)],
    ["h", Math.floor(seconds / 3600) % 24],
    ["min", Math.floor(seconds / 60) % 60],
    ["s", seconds % 60],
  ] as const;
  const first = units.findIndex(([, count]) => count > 0);
  if (first === -1) return "0 s";
  const shown = units.slice(first, first + 2).filter(([, count]) => count > 0);
  return shown.map(([unit, count]) => `${count} ${unit}`).join(" ");
}
