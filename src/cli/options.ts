// The option table, and the help made from it.

import { EXIT_CODES } from "../exit-code.ts";

/** An option as a person types it. */
export interface Option {
  readonly long: string;
  readonly short?: string;
  /** An environment variable that does the same. */
  readonly variable?: string;
  readonly help: string;
}

/** Every option there is; none takes a value. */
export const OPTIONS = [
  { long: "help", short: "h", help: "Print this and exit" },
  { long: "version", short: "v", help: "Print the version and exit; also -V" },
  {
    long: "watch",
    variable: "PAUSE_WATCH",
    help: "Stay in JavaScript, and say who stops it",
  },
  { long: "explain", help: "Print how it is going to wait, and why; then wait" },
] as const satisfies readonly Option[];

/** What can be set. */
export type Settings = { [name in (typeof OPTIONS)[number]["long"]]?: boolean };

/**
 * Reads arguments that are all plain options, as every one that is right is.
 * @returns undefined if there is any other argument, to be looked at by arguments.ts
 */
export function readOptions(args: readonly string[]): Settings | undefined {
  const settings: Settings = {};
  for (const arg of args) {
    const option = OPTIONS.find(
      (each) => arg === `--${each.long}` || ("short" in each && arg === `-${each.short}`),
    );
    if (option === undefined) return undefined;
    settings[option.long] = true;
  }
  return settings;
}

/** What `--help` prints, at most 80 columns wide. */
export function usage(): string {
  const options = OPTIONS.map((option) => {
    const short = "short" in option ? `-${option.short}, ` : "    ";
    const variable = "variable" in option ? ` [${option.variable}]` : "";
    return `  ${short}--${option.long.padEnd(9)} ${option.help}${variable}`;
  });
  return [
    "Usage: pause [option]...",
    "",
    "Holds a pod's namespaces open, and reaps its orphans, until SIGINT or SIGTERM.",
    "",
    "Options:",
    ...options,
    "",
    "Exit codes:",
    ...EXIT_CODES.map(({ code, meaning }) => `  ${String(code).padEnd(4)}${meaning}`),
  ].join("\n");
}
