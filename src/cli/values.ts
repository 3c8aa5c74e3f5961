// What the values of options may be: one zod schema for each kind, which also says what is near.

import { z } from "zod";

import { KILLED_BY_SIGNAL } from "../exit-code.ts";
import { Signal } from "../libc/abi.ts";
import { SIGNAL_NAMES, signalNumber } from "../signal-name.ts";
import { nearest } from "./nearest.ts";

// The executable refuses code made from strings, which zod would try first.
z.config({ jitless: true });

/** What an issue's `params` may hold: the valid value that is nearest. */
const NEAREST = "nearest";

/**
 * A schema for text.
 * @param takes the rule in words
 * @param read what it means; undefined where it means nothing
 * @param suggest a valid text that is near one that is not, if there is any
 */
function text<T>(
  takes: string,
  read: (text: string) => T | undefined,
  suggest: (text: string) => string | undefined,
) {
  return z.string({ error: `takes ${takes}` }).transform((value, context): T => {
    const meaning = read(value);
    if (meaning !== undefined) return meaning;
    const near = suggest(value);
    context.addIssue({ code: "custom", message: `takes ${takes}`, params: { [NEAREST]: near } });
    return z.NEVER;
  });
}

/** The valid value that an issue says is nearest to what was typed. */
export function nearestOf(issue: z.core.$ZodIssue): string | undefined {
  return issue.code === "custom" ? (issue.params?.[NEAREST] as string | undefined) : undefined;
}

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ["yes", true],
  ["no", false],
  ["true", true],
  ["false", false],
  ["on", true],
  ["off", false],
  ["1", true],
  ["0", false],
]);

/** A flag as an option. */
const flag = z.literal(true, { error: "takes no value" });

/** A flag as an environment variable. */
const yesOrNo = text(
  "yes or no",
  (value) => WORDS.get(value.toLowerCase()),
  (value) => nearest(value, [...WORDS.keys()]),
);

/** Longer than this is not meant: 10 years, and milliseconds of it are exact. */
const LONGEST = 315_360_000;

/** What people write behind a number of seconds, or of what they take for them. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["ms", 0.001],
  ["s", 1],
  ["sec", 1],
  ["m", 60],
  ["min", 60],
  ["h", 3600],
]);

const seconds = text("seconds, 0 or more", readSeconds, (value) => {
  const [, amount, unit = ""] = /^\s*([+-]?\d[\d.e]*?)\s*([a-z]*)\s*$/i.exec(value) ?? [];
  const number = Number(amount) * (UNITS.get(unit.toLowerCase()) ?? Number.NaN);
  const near = `${Math.min(Math.max(number, 0), LONGEST)}`;
  return readSeconds(near) === undefined ? undefined : near;
});

function readSeconds(value: string): number | undefined {
  const isNumber = /^(\d+\.?\d*|\.\d+)$/.test(value);
  return isNumber && Number(value) <= LONGEST ? Number(value) : undefined;
}

const LAST_CODE = 255;

function exitCode(value: string): number | undefined {
  return /^\d{1,3}$/.test(value) && Number(value) <= LAST_CODE ? Number(value) : undefined;
}

/** Who names a signal means the code of a command that it has ended. */
function nearestExitCode(value: string): string {
  const signal = /^\d*$/.test(value) ? undefined : signalNumber(value);
  return signal === undefined ? "" : `${KILLED_BY_SIGNAL + signal}`;
}

/** The names that a signal may be meant by, without what all have in common. */
const SHORT_NAMES = SIGNAL_NAMES.map((name) => name.slice("SIG".length));

const nearestSignal = (value: string) => nearest(value.replace(/^SIG/i, ""), SHORT_NAMES) ?? "";

const signal = text("a signal by name or number", signalNumber, (value) =>
  nearestSignal(value) === "" ? undefined : nearestSignal(value),
);

/** Two values, of which the second may be left out where there is a default. */
function pair<T>(
  takes: string,
  [readFrom, readTo]: readonly [(text: string) => T | undefined, (text: string) => T | undefined],
  [nearestFrom, nearestTo]: readonly [(text: string) => string, (text: string) => string],
  otherwise?: string,
) {
  const split = (value: string) => {
    const [from = "", to, ...more] = value.split(":");
    return more.length === 0 ? ([from, to ?? otherwise ?? ""] as const) : undefined;
  };
  return text(
    takes,
    (value) => {
      const [from, to] = split(value) ?? [];
      if (from === undefined || to === undefined) return undefined;
      const meaning = [readFrom(from), readTo(to)] as const;
      return meaning[0] === undefined || meaning[1] === undefined
        ? undefined
        : ([meaning[0], meaning[1]] as const);
    },
    (value) => {
      const [from, to] = split(value) ?? [];
      if (from === undefined || to === undefined) return undefined;
      const near = [
        readFrom(from) === undefined ? nearestFrom(from) : from,
        readTo(to) === undefined ? nearestTo(to) : to,
      ];
      return near.includes("") ? undefined : near.slice(0, value.split(":").length).join(":");
    },
  );
}

/** Nobody can catch the first two (signal(7)), and the third is about pause's own children. */
const NOT_FORWARDED: readonly number[] = [Signal.SIGKILL, Signal.SIGSTOP, Signal.SIGCHLD];

function forwarded(value: string): number | undefined {
  const number = signalNumber(value);
  return number === undefined || NOT_FORWARDED.includes(number) ? undefined : number;
}

const NONE = 0;

const rewriting = pair(
  "FROM:TO, signals by name or number; FROM not KILL, STOP or CHLD; TO may be none",
  [forwarded, (value) => (/^(none|0)$/i.test(value) ? NONE : signalNumber(value))],
  [
    (value) => (signalNumber(value) === undefined ? nearestSignal(value) : ""),
    (value) => nearest(value, ["none", ...SHORT_NAMES]) ?? "",
  ],
);

const exitMapping = pair(
  "CODE[:TO], exit codes from 0 to 255",
  [exitCode, exitCode],
  [nearestExitCode, nearestExitCode],
  "0",
);

const FORMATS = ["text", "json"] as const;

const format = text(
  "text or json",
  (value) => FORMATS.find((each) => each === value.toLowerCase()),
  (value) => nearest(value, FORMATS),
);

/** Options that have a value, each time it is given. */
export const VALUES = {
  "parent-death-signal": signal,
  log: format,
  "map-exit": exitMapping,
  rewrite: rewriting,
  drain: seconds,
  "kill-after": seconds,
  every: seconds,
} as const;

/** What any option may be set to as an argument, and as a variable. */
export const schemaOf = {
  argument: (name: string): z.ZodType => VALUES[name as keyof typeof VALUES] ?? flag,
  variable: (name: string): z.ZodType => VALUES[name as keyof typeof VALUES] ?? yesOrNo,
};
