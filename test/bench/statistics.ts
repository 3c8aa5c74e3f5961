// What many measurements of one thing say: the middle, and how far they lie apart.

/** The middle of some samples, and their quartiles. */
export interface Summary {
  readonly median: number;
  /** A quarter of the samples lies below. */
  readonly low: number;
  /** A quarter of the samples lies above. */
  readonly high: number;
  readonly count: number;
}

/**
 * Sums samples up. Quantiles are interpolated linearly.
 * @throws {RangeError} if there is none
 */
export function summarise(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new RangeError("Cannot sum up no samples");
  const sorted = samples.toSorted((a, b) => a - b);
  const quantile = (share: number) => {
    const position = share * (sorted.length - 1);
    const below = Math.floor(position);
    const low = sorted[below]!;
    return low + (position - below) * ((sorted[below + 1] ?? low) - low);
  };
  return { median: quantile(0.5), low: quantile(0.25), high: quantile(0.75), count: sorted.length };
}

/** Half the distance between the quartiles, as a share of the median; 0 for a single sample. */
export function spread({ median, low, high }: Summary): number {
  return median === 0 ? 0 : (high - low) / 2 / median;
}
