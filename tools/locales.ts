// Blanks what the data of ICU, the library for languages, has for locales that nobody can ask for.

import type { Architecture } from "./architectures.ts";

/** How ICU's common data begins: a header of 144 bytes, `UDataInfo`. ICU's unicode/udata.h */
const HEADER = Buffer.from("9000da271400000000000200436d6e44", "hex");
const HEADER_SIZE = 0x90;

/** What all names in its table of contents begin with. */
const PREFIX = "icudt78l/";

/** A locale's data, and dictionaries by which languages without spaces are broken into words. */
const OF_LOCALE = /^(?:\w+\/)?(?:[a-z]{2,3}(?:_\w+)?\.res|\w+\.dict|\w+\.brk)$/;

/**
 * What stays nevertheless: the default locale is English (en_US_POSIX), and every lookup ends in
 * the root. The tables of names and the indexes are shared by all.
 */
const KEPT = /^(?:\w+\/)?(?:root|pool|res_index|en|en_US|en_US_POSIX)\.res$/;

/**
 * Fills the entries of other locales with zeroes. The table of contents stays as it is: what is
 * looked up is found, does not begin as it should, and counts as not there. So what is asked for a
 * locale that is gone is answered in that of the root.
 * @returns how many entries
 * @throws {Error} if the data is not laid out as expected
 */
export function blankLocales(image: Buffer, _arch: Architecture): number {
  const start = image.indexOf(HEADER);
  if (start === -1 || image.indexOf(HEADER, start + 1) !== -1) {
    throw new Error("ICU's data is not there exactly once");
  }
  const table = start + HEADER_SIZE;
  const entries = Array.from({ length: image.readUInt32LE(table) }, (_, index) => {
    const [name, data] = [4, 8].map((field) => image.readUInt32LE(table + 8 * index + field));
    const from = table + (name ?? 0);
    return {
      name: image.toString("latin1", from, image.indexOf(0, from)),
      at: table + (data ?? 0),
    };
  });
  let count = 0;
  for (const [index, { name, at }] of entries.entries()) {
    // The last one's end is not said; it is small, and stays.
    const end = entries[index + 1]?.at ?? at;
    if (!name.startsWith(PREFIX) || end < at) throw new Error(`the entry "${name}" is unexpected`);
    // An entry's header, or zstd's for one that is compressed.
    if (!/^(?:....da27|28b52ffd)$/.test(image.toString("hex", at, at + 4))) {
      throw new Error(`the entry "${name}" is not as it was`);
    }
    const item = name.slice(PREFIX.length);
    if (!OF_LOCALE.test(item) || KEPT.test(item)) continue;
    image.fill(0, at, end);
    count++;
  }
  return count;
}

/**
 * Finds room in what was blanked, at least so many bytes, 16 of them before it.
 * @returns its offset, a multiple of 16
 */
export function blankSpace(image: Buffer, size: number): number {
  const at = image.indexOf(Buffer.alloc(size + 32), image.indexOf(HEADER));
  if (at === -1) throw new Error("nothing is blank");
  return Math.ceil(at / 16) * 16 + 16;
}
