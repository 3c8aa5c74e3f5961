// The option tables, and what is read from arguments without zod.

import type { Settings } from "../settings.ts";

/** An option as a person types it. */
export interface Option {
  readonly long: keyof Settings;
  readonly short?: string;
  /** An environment variable that does the same. */
  readonly variable?: string;
  /** What its value is called; a flag has none. */
  readonly value?: string;
  /** Whether it can be given more than once. */
  readonly repeatable?: boolean;
  /** Whether it means nothing without a command. */
  readonly command?: boolean;
  readonly help: string;
}

/** The options of pause, with and without a command. */
export const OPTIONS = [
  { long: "help", short: "h", help: "Print this and exit" },
  { long: "version", short: "v", help: "Print the version and exit; also -V" },
  { long: "watch", variable: "PAUSE_WATCH", help: "Stay in JavaScript, and say who stops it" },
  { long: "explain", help: "Print how it is going to wait, and why; then wait" },
  {
    long: "subreaper",
    short: "s",
    variable: "PAUSE_SUBREAPER",
    help: "Reap orphans without being PID 1; always with a command",
  },
  {
    long: "parent-death-signal",
    short: "p",
    value: "SIG",
    help: "Get this signal when the parent dies",
  },
  {
    long: "log-reaped",
    short: "w",
    variable: "PAUSE_LOG_REAPED",
    help: "Say of each orphan what became of it; implies --watch",
  },
  {
    long: "log",
    value: "text|json",
    variable: "PAUSE_LOG",
    help: "How to write on stderr; json implies --watch",
  },
  {
    long: "group",
    short: "g",
    variable: "PAUSE_GROUP",
    command: true,
    help: "Forward signals to the command's process group",
  },
  {
    long: "map-exit",
    short: "e",
    value: "CODE[:TO]",
    repeatable: true,
    command: true,
    help: "Exit with TO (0) where the command exits with CODE",
  },
  {
    long: "rewrite",
    short: "r",
    value: "FROM:TO",
    repeatable: true,
    command: true,
    help: "Forward signal FROM as TO, or not at all: none",
  },
  {
    long: "drain",
    value: "SECONDS",
    variable: "PAUSE_DRAIN",
    command: true,
    help: "At the end TERM what is left, and KILL it after this time",
  },
  {
    long: "kill-after",
    value: "SECONDS",
    command: true,
    help: "KILL the command this long after a forwarded TERM or INT",
  },
  {
    long: "forward-usr1",
    command: true,
    help: "Forward SIGUSR1 also to a command that does not await it",
  },
] as const satisfies readonly Option[];

/** The options of `pause zombies`. */
export const ZOMBIES_OPTIONS = [
  { long: "help", short: "h", help: "Print this and exit" },
  { long: "json", help: "Print JSON, a document a line" },
  { long: "nudge", help: "Send SIGCHLD to parents that have a handler for it" },
  { long: "every", value: "SECONDS", help: "Look again and again, until SIGINT or SIGTERM" },
] as const satisfies readonly Option[];

/** Arguments, taken apart. */
export interface Arguments {
  readonly settings: Settings;
  /** Everything after "--"; empty where nothing is to be run. */
  readonly command: readonly string[];
}

/**
 * Reads arguments that are all plain flags, up to "--" and a command: so that what is usual and
 * right does not wait for zod.
 * @returns undefined if there is anything else, to be looked at by arguments.ts
 */
export function readFlags(
  args: readonly string[],
  table: readonly Option[],
): Arguments | undefined {
  const settings: Settings = {};
  for (const [index, arg] of args.entries()) {
    if (arg === "--" && index < args.length - 1) {
      return { settings, command: args.slice(index + 1) };
    }
    const option = table.find((each) => arg === `--${each.long}` || arg === `-${each.short}`);
    if (option === undefined || option.value !== undefined) return undefined;
    Object.assign(settings, { [option.long]: true });
  }
  return { settings, command: [] };
}
