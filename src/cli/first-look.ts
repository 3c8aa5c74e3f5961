// What each start looks at, before anything more is loaded: whether it is asked for anything.

import { getenv } from "../libc/process.ts";

/** Put in by build.ts, from package.json. */
declare const PAUSE_VERSION: string;

/** What the version options print. */
export function versionLine(): string {
  return `pause.ts v${PAUSE_VERSION}`;
}

/** The environment variables of the option table. */
export const VARIABLES = [
  "PAUSE_WATCH",
  "PAUSE_SUBREAPER",
  "PAUSE_LOG_REAPED",
  "PAUSE_LOG",
  "PAUSE_GROUP",
  "PAUSE_DRAIN",
] as const;

/**
 * Whether the version is asked for. pause.c looks for -v and -V in all its arguments before it
 * does anything, and the job by which kubeadm checks a sandbox image relies on it. What comes after
 * "--" is a command's.
 */
export function asksForVersion(args: readonly string[]): boolean {
  for (const arg of args) {
    if (arg === "-v" || arg === "-V" || arg === "--version") return true;
    if (arg === "--") return false;
  }
  return false;
}

/** Whether nothing is asked for, by no argument and no variable: to hold a pod open, as it is. */
export function asksForNothing(args: readonly string[]): boolean {
  if (args.length > 0) return false;
  for (const variable of VARIABLES) {
    if ((getenv(variable) ?? "") !== "") return false;
  }
  return true;
}
