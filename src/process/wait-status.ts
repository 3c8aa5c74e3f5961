// What waitpid(2) says of a child, taken apart.

/** What became of a child. */
export type Fate =
  | { readonly how: "exited"; readonly code: number }
  | { readonly how: "killed"; readonly signal: number }
  | { readonly how: "stopped"; readonly signal: number }
  | { readonly how: "continued" };

/**
 * Decodes a wait status. wait(2) names the macros, glibc's bits/waitstatus.h and musl's sys/wait.h
 * define them: the low seven bits are 0 for an exit, whose code is the next byte; 0x7f for a stop,
 * whose signal is the next byte; and else the signal that ended it, beside which bit 7 says that a
 * core was dumped. All ones in 16 bits is "continued".
 * @param status as waitpid left it; its low 16 bits count
 */
export function decodeWaitStatus(status: number): Fate {
  const [low, high] = [status & 0x7f, (status >> 8) & 0xff];
  if ((status & 0xffff) === 0xffff) return { how: "continued" };
  if (low === 0) return { how: "exited", code: high };
  if (isStop(status)) return { how: "stopped", signal: high };
  return { how: "killed", signal: low };
}

/** Whether a wait status is that of a child that has stopped, and lives. */
export function isStop(status: number): boolean {
  return (status & 0xff) === 0x7f;
}
