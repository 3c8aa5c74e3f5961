// The manual page, made from the option tables: `bun tools/man.ts` writes docs/pause.1.

import { join } from "node:path";

import packageJson from "../package.json" with { type: "json" };
import { type Option, OPTIONS, ZOMBIES_OPTIONS } from "../src/cli/options.ts";
import { EXIT_CODES } from "../src/exit-code.ts";

/** Where it stands. */
export const MANUAL = join(import.meta.dirname, "../docs/pause.1");

/** A section: paragraphs of text, or lines of roff as they are. */
type Section = readonly [heading: string, ...body: readonly string[]];

const FIRST: readonly Section[] = [
  ["NAME", "pause - hold a pod's namespaces open, or run a command, and reap orphans"],
  [
    "SYNOPSIS",
    ".B pause\n.RI [ option ]...",
    ".B pause\n.RI [ option ]...\n.B --\n.I COMMAND\n.RI [ ARG ]...",
    ".B pause zombies\n.RI [ option ]...",
  ],
  [
    "DESCRIPTION",
    "Without a command, pause is the infra container of a Kubernetes pod: it stays until SIGINT or " +
      "SIGTERM, and reaps whatever is re-parented to it. Nothing that is mistyped keeps it from " +
      "that; it gets a warning.",
    "With a command, pause runs it as a child and is the one that the orphans of all its " +
      "descendants go to: as PID 1 of a PID namespace, or else as a subreaper (prctl(2)). It " +
      "forwards signals, reaps, and exits as the command did. A mistake in its arguments is refused.",
    "The command gets the signal mask, the ignored signals, the limits, the environment, the " +
      "working directory and the open files that pause was started with, and a process group of its " +
      "own: in the foreground, if pause was there. pause itself moves to / and keeps none of them " +
      "but stdin, stdout and stderr.",
    "pause zombies lists every zombie of this host or container, by the parent that leaks it, and " +
      "says what helps.",
  ],
];

const SIGNALS: Section = [
  "SIGNALS",
  "Every signal is forwarded but SIGKILL and SIGSTOP, which nobody can catch, and SIGCHLD. SIGUSR1 " +
    "is forwarded to a command that has a handler for it or blocks it; for any other, which it " +
    "would end, pause says how it is: how long it is up, what runs, what it has reaped. So it does " +
    "with --watch.",
  "When a signal of the terminal stops the command (Ctrl-Z), pause stops with it, for the shell to " +
    "see, and goes on with it after fg or bg. Where nobody could continue it, as in a container, the " +
    "command is continued at once.",
  "Without a command, signals other than SIGINT, SIGTERM and SIGCHLD do what they do to any process; " +
    "to PID 1 of a PID namespace that is nothing (pid_namespaces(7)).",
];

const LAST: readonly Section[] = [
  [
    "LOG",
    "With --log json each line on stderr is a JSON object with time (UTC, ISO 8601), level (info, " +
      "warning or error) and message. event says what it is about:",
    ".TP\n.B reaped\n" +
      escape("An orphan: pid; name and group, its process group, where known; exit or signal."),
    ".TP\n.B state\n" +
      escape(
        "How pause is, on SIGUSR1: uptimeSeconds, command (its PID), children, orphansReaped, last " +
          "(pid, exit or signal, secondsAgo).",
      ),
    ".TP\n.B stopped\n" +
      escape("Without a command, the end: signal, sender (pid, 0 if outside; uid)."),
  ],
  [
    "EXAMPLES",
    "Run a service as PID 1 of a container, with 143, the end by SIGTERM, as success:",
    '.EX\nENTRYPOINT ["/pause", "-e", "143", "--", "/usr/bin/service"]\n.EE',
    "Give what a job leaves behind 10 seconds to end:",
    ".EX\npause --drain 10 -- ./job.sh\n.EE",
    "Have nginx finish its requests where the container engine sends SIGTERM:",
    ".EX\npause -r TERM:QUIT -- nginx -g 'daemon off;'\n.EE",
    "Find who leaks zombies:",
    ".EX\npause zombies\n.EE",
  ],
  [
    "NOTES",
    "Without a command and without --watch, the JavaScript runtime is unmapped once pause is ready, " +
      "and libc alone waits; --explain says how. What it does then cannot be told: --watch, " +
      "--log-reaped and --log json keep the runtime.",
    "A command cannot be given back what the runtime has changed before pause looks: SIGPWR that was " +
      "blocked, and SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS and SIGPWR that were " +
      "ignored. They come to the command open, and with the default action.",
  ],
  ["SEE ALSO", "prctl(2), wait(2), signal(7), pid_namespaces(7), credentials(7)"],
];

/** The manual page, in the roff of man(7). */
export function manual(): string {
  const version = packageJson.version;
  const sections: Section[] = [
    ...FIRST,
    ["OPTIONS", ...OPTIONS.filter((each) => !("command" in each)).map(entry)],
    ["OPTIONS WITH A COMMAND", ...OPTIONS.filter((each) => "command" in each).map(entry)],
    ["OPTIONS OF PAUSE ZOMBIES", ...ZOMBIES_OPTIONS.map(entry)],
    SIGNALS,
    [
      "EXIT STATUS",
      "With a command that has run: its exit code, or 128 plus the number of the signal that ended " +
        "it, as --map-exit has it. Else:",
      ...EXIT_CODES.map(({ code, meaning }) => `.TP\n.B ${code}\n${escape(meaning)}`),
    ],
    [
      "ENVIRONMENT",
      "A variable does what its option does, where that is not given: yes or no (1, 0, true, false, " +
        "on, off), or the option's value. An empty one counts as not set.",
      ...OPTIONS.flatMap((option) =>
        "variable" in option ? [`.TP\n.B ${option.variable}\n${escape(`--${option.long}`)}`] : [],
      ),
    ],
    ...LAST,
  ];
  const head = [
    '.\\" Made by tools/man.ts from the option tables.',
    `.TH PAUSE 1 "" "pause.ts ${version}" "User Commands"`,
  ];
  return `${[...head, ...sections.map(section)].join("\n")}\n`;
}

function section([heading, ...body]: Section): string {
  const blocks = body.map((block, index) => {
    if (block.startsWith(".TP")) return block;
    const text = block.startsWith(".") ? block : escape(block);
    return index === 0 ? text : `.PP\n${text}`;
  });
  return [`.SH ${heading}`, ...blocks].join("\n");
}

function entry({ long, short, value, variable, repeatable, help }: Option): string {
  const names = [...(short === undefined ? [] : [`-${short}`]), `--${long}`];
  const bold = names.map((name) => `\\fB${escape(name)}\\fR`).join(", ");
  const argument = value === undefined ? "" : ` \\fI${escape(value)}\\fR`;
  const more = [repeatable ? "Can be repeated." : "", variable ? `[${variable}]` : ""];
  return `.TP\n${bold}${argument}\n${escape([`${help}.`, ...more].filter(Boolean).join(" "))}`;
}

/** Text in which roff sees nothing to act on. groff_char(7) */
function escape(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replace(/^\./gm, "\\&.");
}

if (import.meta.main) await Bun.write(MANUAL, manual());
