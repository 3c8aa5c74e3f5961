// Memory: words as the kernel reads them, and pages given back to it.

import { MADV_DONTNEED } from "./abi.ts";
import { rareLibc } from "./library.ts";

/**
 * Writes an address, or another whole number below 2^53, as eight bytes in the machine's order.
 * By shifts and a division: % and ** go to libm, whose pages would have to be read for it.
 */
export function putWord(view: DataView, offset: number, value: number): void {
  const low = value >>> 0;
  view.setUint32(offset, low, true);
  view.setUint32(offset + 4, (value - low) / 0x1_0000_0000, true);
}

/** Gives pages back: a file's are read again when they are touched. madvise(2), MADV_DONTNEED */
export function giveBack(start: number, length: number): void {
  rareLibc().madvise(start, length, MADV_DONTNEED);
}
