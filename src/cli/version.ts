// The version: when it is asked for, and what is then printed.

/** Put in by build.ts, from package.json. */
declare const PAUSE_VERSION: string;

/** What the version options print. */
export const VERSION_LINE = `pause.ts v${PAUSE_VERSION}`;

/**
 * Whether the version is asked for. pause.c looks for -v and -V in all its arguments before it
 * does anything, and the job by which kubeadm checks a sandbox image relies on it.
 */
export function asksForVersion(args: readonly string[]): boolean {
  return args.some((arg) => arg === "-v" || arg === "-V" || arg === "--version");
}
