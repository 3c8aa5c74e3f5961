// The help, made from the option tables.

import { EXIT_CODES } from "../exit-code.ts";
import { type Option, OPTIONS, ZOMBIES_OPTIONS } from "./options.ts";

/** An option's names as in the help and the manual: "-e, --map-exit CODE[:TO]". */
export function namesOf({ long, short, value }: Option): string {
  return `${short === undefined ? "" : `-${short}, `}--${long}${value === undefined ? "" : ` ${value}`}`;
}

const isAny = (option: Option) => option.command !== true;

/** What `pause --help` prints, at most 80 columns wide. */
export function usage(): string {
  return [
    "Usage: pause [option]...",
    "       pause [option]... -- COMMAND [ARG]...",
    "       pause zombies [option]...",
    "",
    "Holds a pod's namespaces open, and reaps its orphans, until SIGINT or SIGTERM.",
    "Or runs a command, forwards signals to it, reaps, and exits as it did.",
    "Or lists the zombies on this host, by the parent that leaks them.",
    "",
    "Options:",
    ...list(OPTIONS.filter(isAny)),
    "",
    "Options with a command:",
    ...list(OPTIONS.filter((option) => !isAny(option))),
    "",
    "Environment, for an option that is not given: yes, no or its value",
    ...variables(),
    "",
    "With a command or --watch, SIGUSR1 makes pause say how it is, unless the command",
    "awaits that signal itself.",
    "",
    "Exit codes:",
    ...EXIT_CODES.map(({ code, meaning }) => `  ${String(code).padEnd(5)}${meaning}`),
  ].join("\n");
}

/** What `pause zombies --help` prints. */
export function zombiesUsage(): string {
  return [
    "Usage: pause zombies [option]...",
    "",
    "Lists every zombie, grouped by the parent that does not reap it, worst first.",
    "Exits with 0 where there is none, 1 where there is one, 3 where it cannot tell.",
    "",
    "Options:",
    ...list(ZOMBIES_OPTIONS),
  ].join("\n");
}

/** One option a line; its help on the next where its names leave no room. */
function list(options: readonly Option[]): string[] {
  const column = 22;
  return options.flatMap((option) => {
    const names = `  ${option.short === undefined ? "    " : ""}${namesOf(option)}`;
    return names.length < column
      ? [names.padEnd(column) + option.help]
      : [names, " ".repeat(column) + option.help];
  });
}

function variables(): string[] {
  const names = OPTIONS.flatMap((option) =>
    "variable" in option ? [`${option.variable} for --${option.long}`] : [],
  );
  return names.map((name) => `  ${name}`);
}
