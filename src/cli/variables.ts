// What a start looks at before more is loaded: whether it is asked for anything at all.

import { getenv } from "../libc/process.ts";

/** The environment variables of the option table. */
export const VARIABLES = [
  "PAUSE_WATCH",
  "PAUSE_SUBREAPER",
  "PAUSE_LOG_REAPED",
  "PAUSE_LOG",
  "PAUSE_GROUP",
  "PAUSE_DRAIN",
] as const;

/** Whether nothing is asked for, by no argument and no variable: to hold a pod open, as it is. */
export function asksForNothing(args: readonly string[]): boolean {
  if (args.length > 0) return false;
  for (const variable of VARIABLES) {
    if ((getenv(variable) ?? "") !== "") return false;
  }
  return true;
}
