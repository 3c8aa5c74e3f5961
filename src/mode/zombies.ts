// Finds the zombies of this host, or container, and who leaks them: `pause zombies`.

import { ExitCode } from "../exit-code.ts";
import { isatty } from "../libc/files.ts";
import type { SignalSet } from "../libc/signals.ts";
import { error, toJson } from "../log.ts";
import { CannotLook } from "../process/table.ts";
import type { Settings } from "../settings.ts";
import { count } from "./words.ts";
import { look } from "./zombies/look.ts";
import { nudge } from "./zombies/nudge.ts";
import { CannotPrint, openSignals, print, Stopped, wait } from "./zombies/patience.ts";
import { help } from "./zombies/remedies.ts";
import type { Report } from "./zombies/schema.ts";
import { render } from "./zombies/text.ts";

/** Seconds from the start of one look to that of the next, at least. */
const SHORTEST = 0.1;

/**
 * Looks once; or again and again until SIGINT or SIGTERM, and then exits with what the last look
 * found.
 * @param mask the signal mask that this program was started with
 * @returns the exit code: whether there are zombies, or that nobody knows
 */
export function zombies(settings: Settings, mask: SignalSet): number {
  let last: number = ExitCode.unknown;
  try {
    openSignals(mask, settings.every !== undefined);
    for (let before: Report | undefined; ;) {
      const start = performance.now();
      const report = compare(inspect(settings.nudge === true), before);
      // Not before it is printed: what was not told must not be the outcome.
      print(settings.json ? `${toJson(report)}\n` : inWords(report, before, settings));
      last = verdict(report);
      if (settings.every === undefined) return last;
      before = report;
      const next = start + 1000 * Math.max(SHORTEST, settings.every);
      wait(Math.max(0, next - performance.now()));
    }
  } catch (failure) {
    if (failure instanceof Stopped) return last;
    const known = failure instanceof CannotLook || failure instanceof CannotPrint;
    error(`${known ? "" : "Cannot look for zombies: "}${(failure as Error).message}`);
    return ExitCode.unknown;
  }
}

/** That there is none can only be said of processes that were looked at. */
function verdict({ count: zombies, unreadable }: Report): number {
  if (zombies > 0) return ExitCode.failed;
  return unreadable > 0 ? ExitCode.unknown : ExitCode.ok;
}

/** Looks, nudges if it is to, and says what helps against what is left. */
function inspect(nudging: boolean): Report {
  const sight = look();
  const { nudges, groups } = nudging ? nudge(sight) : { nudges: undefined, groups: sight.groups };
  return {
    version: 1,
    time: new Date().toISOString(),
    processes: sight.processes,
    unreadable: sight.unreadable,
    count: groups.reduce((sum, { zombies: theirs }) => sum + theirs.length, 0),
    groups,
    ...(nudges !== undefined && { nudges }),
    help: help(groups),
  };
}

/** Adds what has changed since the look before, if there was one. */
function compare(report: Report, before: Report | undefined): Report {
  if (before === undefined) return report;
  const pids = ({ groups }: Report) =>
    new Set(groups.flatMap(({ zombies: theirs }) => theirs.map(({ pid }) => pid)));
  const [old, now] = [pids(before), pids(report)];
  const changes = { came: [...now.difference(old)], went: [...old.difference(now)] };
  return { ...report, changes };
}

/** Whether a look found just what the one before it had. */
function isQuiet({ changes, nudges = [] }: Report): boolean {
  return changes !== undefined && changes.came.length + changes.went.length + nudges.length === 0;
}

/** Up to the line before, and that one cleared. console_codes(4) */
const OVER_THE_LAST_LINE = "\u001b[A\u001b[K";

/**
 * A report in words. With --every only the first one, and those of a change, are told in full; on a
 * terminal a line that says that nothing has changed takes the place of another.
 */
function inWords(report: Report, before: Report | undefined, { every }: Settings): string {
  if (every === undefined) return render(report);
  const { time, changes } = report;
  if (isQuiet(report)) {
    const redraw = before !== undefined && isQuiet(before) && isatty(1);
    const line = `${time}: unchanged, ${count(report.count, "zombie")}\n`;
    return redraw ? OVER_THE_LAST_LINE + line : line;
  }
  const change = changes && `: ${changes.came.length} came, ${changes.went.length} went`;
  return `${time}${change ?? ""}\n${render(report)}\n`;
}
