// Reads the arguments. Loaded only when there are any: zod doubles the time to start.

import { parseArgs } from "node:util";
import { z } from "zod";

import { quote } from "../log.ts";
import { nearest } from "./nearest.ts";
import { OPTIONS } from "./options.ts";

export { usage } from "./options.ts";

// The executable refuses code made from strings, which zod would try first.
z.config({ jitless: true });

const flag = z.literal(true, { error: "takes no value" });

/** What each option may be set to. */
const Settings = z.strictObject({ help: flag, version: flag }).partial();

/** What was asked for. */
export interface Request {
  readonly settings: z.infer<typeof Settings>;
  /** Everything after "--", if anything is. */
  readonly command: readonly string[];
  /** What was typed and cannot be meant, a sentence each. */
  readonly complaints: readonly string[];
}

/**
 * Reads what was typed after the program's name. Never fails: what to do about a complaint depends
 * on whether there is a command to run.
 */
export function readArguments(args: readonly string[]): Request {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      OPTIONS.map(({ long, short }) => [long, { type: "boolean", short }] as const),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const settings: Request["settings"] = {};
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
    const result = Settings.safeParse({ [token.name]: token.value ?? true });
    if (result.success && Object.hasOwn(result.data, token.name)) {
      Object.assign(settings, result.data);
    } else if (result.error?.issues[0]?.code === "invalid_value") {
      complaints.add(
        `Option "${token.rawName}" ${result.error.issues[0].message}: ${quote(token.value ?? "")}`,
      );
    } else {
      complaints.add(unknown(token.rawName));
    }
  }
  return { settings, command: [], complaints: [...complaints] };
}

/** The complaint about an argument that means nothing. */
function unknown(arg: string): string {
  const guess = nearest(
    arg,
    OPTIONS.map(({ long }) => `--${long}`),
  );
  return `Unknown argument ${quote(arg)}${guess === undefined ? "" : `; did you mean "${guess}"?`}`;
}
