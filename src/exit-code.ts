// What the process exits with. The README's table is compared with this one by a test.

/** Every exit code, with what it means. */
export const EXIT_CODES = [
  { code: 0, name: "ok", meaning: "Stopped by SIGINT or SIGTERM; or printed what was asked for" },
  { code: 1, name: "failed", meaning: "Cannot do it, for the reason on stderr; or zombies found" },
  { code: 2, name: "usage", meaning: "A mistake in the arguments, where there is a command" },
  { code: 3, name: "unknown", meaning: "zombies: cannot tell, since /proc or stdout fails" },
  { code: 42, name: "loopEnded", meaning: "The waiting ended, which never happens, as in pause.c" },
  { code: 126, name: "cannotRun", meaning: "COMMAND cannot be run" },
  { code: 127, name: "notFound", meaning: "COMMAND is not found" },
] as const;

/** With a command that has run, pause exits as it did: with its code, or this plus the signal. */
export const KILLED_BY_SIGNAL = 128;

type Name = (typeof EXIT_CODES)[number]["name"];

/** The exit codes by name. */
export const ExitCode = Object.fromEntries(
  EXIT_CODES.map(({ name, code }) => [name, code]),
) as Readonly<Record<Name, number>>;
