// Waiting in tests: for a condition, never for a time.

/** Long enough to mean never, on however slow a machine. In milliseconds. */
export const NEVER = 20_000;

/**
 * Polls until a condition holds.
 * @param what the condition in words, for the error
 * @returns what the condition returned
 * @throws {Error} if it still does not hold after the deadline, in milliseconds
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  deadline = NEVER,
): Promise<NonNullable<T>> {
  const end = Date.now() + deadline;
  for (;;) {
    const value = await condition();
    if (value) return value as NonNullable<T>;
    if (Date.now() > end) throw new Error(`Not within ${deadline} ms: ${what}`);
    await Bun.sleep(2);
  }
}
