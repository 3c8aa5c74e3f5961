// What the kernel says of a process in its stat file. proc_pid_stat(5)

/** The part of a stat file that matters here. */
export interface Stat {
  readonly pid: number;
  /** `comm`: up to 15 bytes (a kernel thread's, more) that the process chose, of any value but NUL. */
  readonly comm: Uint8Array;
  /** "R", "S", "D", "T" stopped, "t" stopped by a tracer, "Z" zombie. */
  readonly state: string;
  readonly parent: number;
  /** Its process group. */
  readonly group: number;
  /** How many threads are left, one that is a zombie included. */
  readonly threads: number;
  /** When it was started, in clock ticks since boot. With the PID, this tells processes apart. */
  readonly started: number;
}

const PARENTHESIS = { open: 0x28, close: 0x29 } as const;

/** The letter for a zombie. */
const Z = 0x5a;

/**
 * Whether a stat file may be that of a zombie. Of all processes this is asked, so it is nothing
 * but a look at a byte: the state follows the last ")", since what comes after is all numbers.
 * @param buffer holds the file
 * @param length how many bytes of it
 */
export function looksDead(buffer: Uint8Array, length: number): boolean {
  return buffer[buffer.lastIndexOf(PARENTHESIS.close, length - 1) + 2] === Z;
}

/**
 * Whether a process is a zombie for its parent to reap. A process whose first thread has ended
 * while others run has the state "Z" too, but lives: wait(2) does not return it, and it is nobody's
 * leak (the kernel's `delay_group_leader`). One that is just being reaped has no thread any more.
 */
export function isZombie({ state, threads }: Stat): boolean {
  return state === "Z" && threads === 1;
}

const ascii = new TextDecoder();

/**
 * Takes a stat file apart. The name may hold spaces, parentheses and line breaks; it ends at the
 * last ")".
 * @returns undefined for anything else than a stat file
 */
export function parseStat(bytes: Uint8Array): Stat | undefined {
  const open = bytes.indexOf(PARENTHESIS.open);
  const close = bytes.lastIndexOf(PARENTHESIS.close);
  if (open === -1 || close < open) return undefined;
  // Numbered from 1 in the manual page, where the state is the third.
  const fields = ascii.decode(bytes.subarray(close + 2)).split(" ", 20);
  const number = (position: number) => Number(fields[position - 3] ?? Number.NaN);
  const stat = {
    pid: Number(ascii.decode(bytes.subarray(0, open))),
    comm: bytes.slice(open + 1, close),
    state: fields[0] ?? "",
    parent: number(4),
    group: number(5),
    threads: number(20),
    started: number(22),
  };
  const { pid, parent, group, threads, started } = stat;
  return [pid, parent, group, threads, started].every(Number.isSafeInteger) ? stat : undefined;
}

/** A process's name as text. */
export interface Name {
  readonly name: string;
  /** Its bytes in hexadecimal, where they are not UTF-8 and `name` has U+FFFD in place of some. */
  readonly nameHex?: string;
}

/** Reads a name, which need not be UTF-8: it is cut at 15 bytes, be it within a character. */
export function decodeName(comm: Uint8Array): Name {
  const name = new TextDecoder("utf-8", { ignoreBOM: true }).decode(comm);
  const same = Buffer.from(name).equals(comm);
  return same ? { name } : { name, nameHex: Buffer.from(comm).toString("hex") };
}
