// Chance that can be had again: a seed, printed, gives the same cases once more.

/** A generator of numbers, mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A seed that nobody chose, or that of the variable PAUSE_TEST_SEED. */
  static seed(): number {
    const given = process.env["PAUSE_TEST_SEED"];
    return given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
  }

  /** A whole number from 0 up to, and without, the bound. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  }

  /** One of several. */
  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }

  /** Up to so many of something, put into a row. */
  some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }
}
