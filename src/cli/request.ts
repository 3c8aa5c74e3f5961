// What was asked for, by arguments and environment. Loaded only when there is either.

import type { Settings } from "../settings.ts";
import type { Reading } from "./arguments.ts";
import { type Option, OPTIONS, readFlags, ZOMBIES_OPTIONS } from "./options.ts";
import { usage, zombiesUsage } from "./usage.ts";

/** What to do. */
export interface Request {
  /** Hold a pod open, run a command, or list zombies. */
  readonly mode: "hold" | "run" | "zombies";
  readonly settings: Settings;
  /** What to run, where something is. */
  readonly command: readonly string[];
  /** What was typed and cannot be meant, a sentence each. */
  readonly complaints: readonly string[];
  /** What `--help` prints. */
  readonly usage: () => string;
}

/**
 * Reads arguments and environment; an option wins over its variable. Never fails: what to do about
 * a complaint depends on the mode.
 *
 * zod is asked only about what is not plainly right: it is larger than all the rest of this program.
 * @param valueOf an environment variable's value
 */
export async function readRequest(
  args: readonly string[],
  valueOf: (variable: string) => string | undefined,
): Promise<Request> {
  if (args[0] === "zombies") {
    const { settings, command, complaints } = await read(args.slice(1), ZOMBIES_OPTIONS);
    if (command.length > 0) complaints.push("pause zombies runs no command");
    return { mode: "zombies", settings, command, complaints, usage: zombiesUsage };
  }
  const { settings, command, complaints } = await read(args, OPTIONS);
  const typed = new Set(Object.keys(settings));
  for (const option of OPTIONS) {
    const value = "variable" in option ? (valueOf(option.variable) ?? "") : "";
    if (value === "") continue;
    const fromVariable = await readVariable(option, value);
    if (typeof fromVariable === "string") complaints.push(fromVariable);
    else Object.assign(settings, { ...fromVariable, ...settings });
  }
  const mode = command.length > 0 ? "run" : "hold";
  if (mode === "hold") complaints.push(...withoutCommand(settings, typed));
  return { mode, settings, command, complaints, usage };
}

/** Reads arguments, without zod if they are plain. */
async function read(args: readonly string[], table: readonly Option[]): Promise<Reading> {
  const plain = readFlags(args, table);
  if (plain !== undefined) return { ...plain, complaints: [] };
  return (await import("./arguments.ts")).readArguments(args, table);
}

/** Reads a variable, without zod if it is plainly yes or no. */
async function readVariable(option: Option, value: string): Promise<Settings | string> {
  const plain = option.value === undefined && (value === "0" || value === "1");
  if (plain) return { [option.long]: value === "1" };
  return (await import("./arguments.ts")).readVariable(option, value);
}

/** What was asked for that takes a command, where there is none, by the name that it was given by. */
function withoutCommand(settings: Settings, typed: ReadonlySet<string>): string[] {
  const table: readonly Option[] = OPTIONS;
  return table
    .filter(({ long, command }) => command && (settings[long as keyof Settings] ?? false) !== false)
    .map(({ long, variable }) => {
      const name = typed.has(long) ? `Option "--${long}"` : `Variable ${variable}`;
      return `${name} means nothing without a command`;
    });
}
