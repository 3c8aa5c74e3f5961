// What was asked for, by arguments and environment. Loaded only when there is either.

import { OPTIONS, readOptions, type Settings } from "./options.ts";

export { usage } from "./options.ts";

/** What was asked for. */
export interface Request {
  readonly settings: Settings;
  /** Everything after "--", if anything is. */
  readonly command: readonly string[];
  /** What was typed and cannot be meant, a sentence each. */
  readonly complaints: readonly string[];
}

/**
 * Reads arguments and environment; an option wins over its variable. Never fails: what to do about
 * a complaint depends on whether there is a command to run.
 *
 * zod is asked only about what is not plainly right. It is larger than all the rest of this
 * program, and what it allocates has the runtime start threads, with which it cannot park as well.
 * @param variables the values of the environment variables in the option table, "" if not set
 */
export async function readRequest(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Request> {
  const plain = readOptions(args);
  const request =
    plain === undefined
      ? (await import("./arguments.ts")).readArguments(args)
      : { settings: plain, command: [], complaints: [] };
  const fromVariables: Settings = {};
  const complaints: string[] = [];
  for (const option of OPTIONS) {
    const value = "variable" in option ? (variables[option.variable] ?? "") : "";
    if (value === "" || !("variable" in option)) continue;
    if (value === "0" || value === "1") {
      fromVariables[option.long] = value === "1";
      continue;
    }
    const read = (await import("./arguments.ts")).readVariable(option.variable, value);
    if (typeof read === "string") complaints.push(read);
    else fromVariables[option.long] = read;
  }
  return {
    settings: { ...fromVariables, ...request.settings },
    command: request.command,
    complaints: [...complaints, ...request.complaints],
  };
}
