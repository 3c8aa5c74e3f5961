// The option table, and the help made from it.

import { EXIT_CODES } from "../exit-code.ts";

/** An option as a person types it. */
export interface Option {
  readonly long: string;
  readonly short: string;
  readonly help: string;
}

/** Every option there is. */
export const OPTIONS = [
  { long: "help", short: "h", help: "Print this and exit" },
  { long: "version", short: "v", help: "Print the version and exit; also -V" },
] as const satisfies readonly Option[];

/** What `--help` prints, at most 80 columns wide. */
export function usage(): string {
  return [
    "Usage: pause [option]...",
    "",
    "Holds a pod's namespaces open, and reaps its orphans, until SIGINT or SIGTERM.",
    "",
    "Options:",
    ...OPTIONS.map(({ long, short, help }) => `  -${short}, --${long.padEnd(10)}${help}`),
    "",
    "Exit codes:",
    ...EXIT_CODES.map(({ code, meaning }) => `  ${String(code).padEnd(4)}${meaning}`),
  ].join("\n");
}
