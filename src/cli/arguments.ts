// Reads arguments and variables that are not plainly right, with zod. Loaded only for those.

import { parseArgs } from "node:util";

import { quote } from "../log.ts";
import type { Settings } from "../settings.ts";
import { nearest } from "./nearest.ts";
import { type Arguments, type Option, OPTIONS } from "./options.ts";
import { nearestOf, schemaOf } from "./values.ts";

/** Arguments, with a sentence for each that cannot be meant. */
export interface Reading extends Arguments {
  readonly complaints: string[];
}

/**
 * Reads what was typed after the program's name. Never fails: what to do about a complaint depends
 * on whether there is a command to run.
 */
export function readArguments(args: readonly string[], table: readonly Option[]): Reading {
  // A "--" is never a value: who forgets that of an option is told so, and has it run nothing.
  const end = args.indexOf("--");
  const command = end === -1 ? [] : args.slice(end + 1);
  const { tokens } = parseArgs({
    args: end === -1 ? [...args] : args.slice(0, end),
    options: Object.fromEntries(
      table.map(({ long, short, value }) => [
        long,
        { type: value ? "string" : "boolean", ...(short && { short }) } as const,
      ]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const settings: Settings = {};
  const complaints = new Set<string>();
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue; // There is none.
    if (token.kind === "positional") {
      complaints.add(unknown(token.value, table));
      continue;
    }
    const option = table.find(({ long }) => long === token.name);
    if (option === undefined) {
      complaints.add(unknown(token.rawName, table));
      continue;
    }
    const value = option.value === undefined ? (token.value ?? true) : token.value;
    const complaint = set(settings, option, value, "argument");
    if (complaint) complaints.add(`Option "${token.rawName}" ${complaint}`);
  }
  if (end !== -1 && command.length === 0) complaints.add('No command after "--"');
  return { settings, command, complaints: [...complaints] };
}

/**
 * Reads the value of an environment variable that stands for an option.
 * @returns what it sets, or a complaint
 */
export function readVariable(option: Option, value: string): Settings | string {
  const settings: Settings = {};
  const complaint = set(settings, option, value, "variable");
  return complaint ? `Variable ${option.variable} ${complaint}` : settings;
}

/** Sets an option to a value that is found to be valid, and returns what is wrong with another. */
function set(
  settings: Settings,
  { long, repeatable }: Option,
  value: string | true | undefined,
  from: "argument" | "variable",
): string | undefined {
  const { data, error } = schemaOf[from](long).safeParse(value);
  const issue = error?.issues[0];
  if (issue === undefined) {
    const earlier = settings[long] as ReadonlyMap<number, number> | undefined;
    const meaning = repeatable ? new Map([...(earlier ?? []), data as [number, number]]) : data;
    Object.assign(settings, { [long]: meaning });
    return undefined;
  }
  const near = nearestOf(issue);
  const typed = typeof value === "string" ? quote(value) : "nothing";
  return `${issue.message}: ${typed}${near === undefined ? "" : `; did you mean ${quote(near)}?`}`;
}

/** The complaint about an argument that means nothing, and what may have been meant. */
function unknown(arg: string, table: readonly Option[]): string {
  const options = table.map(({ long }) => `--${long}`);
  const isMain = table === OPTIONS;
  const guess = nearest(arg, isMain ? [...options, "zombies"] : options);
  const said = `Unknown argument ${quote(arg)}; `;
  if (guess === "zombies") return `${said}did you mean "pause zombies"?`; // Which comes first.
  if (guess !== undefined) return `${said}did you mean "${guess}"?`;
  if (!isMain) return `${said}see "pause zombies --help"`;
  const isWord = !arg.startsWith("-") || arg === "-";
  return said + (isWord ? 'a command comes after "--"' : 'see "pause --help"');
}
