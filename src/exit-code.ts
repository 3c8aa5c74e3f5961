// What the process exits with. The README's table is compared with this one by a test.

/** Every exit code, with what it means. */
export const EXIT_CODES = [
  {
    code: 0,
    name: "ok",
    meaning: "Stopped by SIGINT or SIGTERM; or the version or the help was printed",
  },
  {
    code: 1,
    name: "failed",
    meaning: "The signals cannot be blocked, or stdout did not take the answer",
  },
  { code: 2, name: "usage", meaning: "A mistake in the arguments where there is a command to run" },
  { code: 42, name: "loopEnded", meaning: "The waiting ended, which never happens, as in pause.c" },
] as const;

type Name = (typeof EXIT_CODES)[number]["name"];

/** The exit codes by name. */
export const ExitCode = Object.fromEntries(
  EXIT_CODES.map(({ name, code }) => [name, code]),
) as Readonly<Record<Name, number>>;
