// Says how pause is, on SIGUSR1, on one line.

import { say } from "../log.ts";
import { children } from "../process/children.ts";
import type { Orphans } from "../process/orphans.ts";
import { now } from "../process/signals.ts";
import { count, duration } from "./words.ts";

/**
 * Says how long this process is up, what runs under it, and what it has reaped.
 * @param command the PID of the command, where there is one
 */
export function reportState(orphans: Orphans, command?: number): void {
  const up = Math.floor(now() / 1000);
  const running = children()?.length;
  const last = orphans.last();
  const parts = [
    `Up ${duration(up)}`,
    ...(command === undefined ? [] : [`command ${command} running`]),
    running === undefined ? "children unknown" : count(running, "child", "children"),
    `${count(orphans.reaped, "orphan")} reaped`,
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
