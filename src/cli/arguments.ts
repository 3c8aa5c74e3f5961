// Reads arguments and variables that are not plainly right, with zod. Loaded only for those.

import { parseArgs } from "node:util";
import { z } from "zod";

import { quote } from "../log.ts";
import { nearest } from "./nearest.ts";
import { OPTIONS, type Settings } from "./options.ts";
import type { Request } from "./request.ts";

// The executable refuses code made from strings, which zod would try first.
z.config({ jitless: true });

/** What a flag may be set to, as an option and as an environment variable. */
const flag = z.literal(true, { error: "takes no value" });
const variable = z.stringbool({ error: "takes yes or no" });

const Flags = z
  .strictObject({ help: flag, version: flag, watch: flag, explain: flag } satisfies Record<
    keyof Settings,
    z.ZodType
  >)
  .partial();

/**
 * Reads what was typed after the program's name. Never fails: what to do about a complaint depends
 * on whether there is a command to run.
 */
export function readArguments(args: readonly string[]): Request {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      OPTIONS.map((option) => [
        option.long,
        { type: "boolean", ...("short" in option && { short: option.short }) } as const,
      ]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const settings: Settings = {};
  const complaints = new Set<string>();
  for (const token of tokens) {
    if (token.kind === "option-terminator") {
      const command = args.slice(token.index + 1);
      if (command.length === 0) complaints.add('No command after "--"');
      return { settings, command, complaints: [...complaints] };
    }
    if (token.kind === "positional") {
      complaints.add(unknown(token.value));
      continue;
    }
    const { data, error } = Flags.safeParse({ [token.name]: token.value ?? true });
    const issue = error?.issues[0];
    if (data !== undefined && Object.hasOwn(data, token.name)) {
      Object.assign(settings, data);
    } else if (issue?.code === "invalid_value") {
      complaints.add(`Option "${token.rawName}" ${issue.message}: ${quote(token.value ?? "")}`);
    } else {
      complaints.add(unknown(token.rawName));
    }
  }
  return { settings, command: [], complaints: [...complaints] };
}

/**
 * Reads the value of an environment variable that stands for a flag.
 * @returns what it says, or a complaint
 */
export function readVariable(name: string, value: string): boolean | string {
  const { data, error } = variable.safeParse(value);
  return data ?? `${name} ${error?.issues[0]?.message}: ${quote(value)}`;
}

/** The complaint about an argument that means nothing. */
function unknown(arg: string): string {
  const guess = nearest(
    arg,
    OPTIONS.map(({ long }) => `--${long}`),
  );
  return `Unknown argument ${quote(arg)}${guess === undefined ? "" : `; did you mean "${guess}"?`}`;
}
