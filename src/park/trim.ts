// Gives back the pages that start-up only read: most of what a process that waits has in memory.
//
// It is all about memory, so it reads bytes and allocates next to nothing: by parseMaps, which makes
// strings and is made for the moment before the runtime goes, 28 kB more would stay private and
// 0.3 MB more resident.

import { readFile } from "../libc/files.ts";
import { giveBack } from "../libc/memory.ts";
import { NEVER, now } from "../process/signals.ts";

/** How long after a signal, in milliseconds: there may be more of them, and each page that is back costs. */
const LATER = 1000;

/** Looked up once: the executable and its libraries stay where they are. */
let spans: readonly number[] | undefined;

/**
 * Gives back what was only read, when there has been nothing to do for a while. The pages are those
 * of files and unchanged, so they come back from the page cache when they are touched again, in
 * whatever thread. It is only about being light: what fails is left at that.
 */
export const trimmer = {
  /** When it is due, as a deadline: once after a signal, so that nothing wakes it at rest. */
  due: NEVER,

  /** To be called when a signal has come. */
  later(): void {
    if (this.due === NEVER) this.due = now() + LATER;
  },

  /** To be called when the time has come. */
  trim(): void {
    this.due = NEVER;
    if (spans === undefined) {
      spans = find();
      // Once more: what goes back to sleep for the first time touches what it will not need again.
      this.later();
    }
    // The executable's own last: it lies lowest, and all of this runs in it.
    for (let index = spans.length - 2; index >= 0; index -= 2) {
      giveBack(spans[index] ?? 0, (spans[index + 1] ?? 0) - (spans[index] ?? 0));
    }
  },
};

/** Gives back memory while there is nothing to do. */
export type Trimmer = typeof trimmer;

function find(): number[] {
  try {
    return unwritten(readFile("/proc/self/maps"));
  } catch {
    return []; // There is no /proc: it stays as it is.
  }
}

const [NEWLINE, DIGIT_0, COLON, LETTER_A, WRITABLE, EXECUTABLE] = [10, 48, 58, 97, 119, 120];

/**
 * Where files are mapped that nobody has written to: code, and the constants right before it. What
 * comes behind the code may have been relocated before it was made read-only.
 * @param maps /proc/self/maps: "start-end rwxp offset major:minor inode name". proc_pid_maps(5)
 * @returns start and end of each, in turn
 */
export function unwritten(maps: Uint8Array): number[] {
  const spans: number[] = [];
  let [constantsStart, constantsEnd, constantsDevice, constantsInode] = [0, 0, 0, 0];
  for (position = 0; position < maps.length;) {
    const start = number(maps, 16);
    const end = number(maps, 16);
    const isWritable = maps[position + 1] === WRITABLE;
    const isCode = maps[position + 2] === EXECUTABLE;
    position += 5;
    number(maps, 16);
    const device = number(maps, 16) * 2 ** 20 + number(maps, 16);
    const inode = number(maps, 10);
    position = maps.indexOf(NEWLINE, position - 1) + 1;
    if (position === 0) break;
    if (isCode && !isWritable && inode !== 0) {
      if (inode === constantsInode && device === constantsDevice) {
        spans.push(constantsStart, constantsEnd);
      }
      spans.push(start, end);
    }
    constantsInode = isCode || isWritable ? 0 : inode;
    [constantsStart, constantsEnd, constantsDevice] = [start, end, device];
  }
  return spans;
}

let position = 0;

/** The number at the position, which moves behind it and the character that ends it. */
function number(text: Uint8Array, base: 10 | 16): number {
  for (let value = 0; ;) {
    const character = text[position++] ?? 0;
    const digit = character >= LETTER_A ? character - LETTER_A + 10 : character - DIGIT_0;
    if (digit < 0 || digit >= base || character === COLON) return value;
    value = value * base + digit;
  }
}
