// Finds what somebody meant who typed something else.

/**
 * The candidate that takes the fewest changes to become of the word (a letter put in, left out,
 * replaced, or swapped with its neighbour), if they are few enough to be a slip: a third of it.
 * Dashes in front and case do not count.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const bare = (text: string) => text.replace(/^-+/, "").toLowerCase();
  const typed = bare(word);
  let best: string | undefined;
  let fewest = Math.floor(typed.length / 3) + 1;
  for (const candidate of candidates) {
    const changes = distance(typed, bare(candidate));
    if (changes < fewest) [best, fewest] = [candidate, changes];
  }
  return best;
}

/** Optimal string alignment distance, by three rows of the usual table. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let fewest = Math.min(
        last[column]! + 1,
        current[column - 1]! + 1,
        last[column - 1]! + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        fewest = Math.min(fewest, beforeLast[column - 2]! + 1);
      }
      current.push(fewest);
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length]!;
}
