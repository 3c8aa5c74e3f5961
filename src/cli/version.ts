// The version, and who asks for it.

/** Put in by build.ts, from package.json. */
declare const PAUSE_VERSION: string;

/** What the version options print. */
export function versionLine(): string {
  return `pause.ts v${PAUSE_VERSION}`;
}

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
