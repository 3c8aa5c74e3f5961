// What this program says: answers on stdout, everything else on stderr.

import { Errno } from "./libc/abi.ts";
import { SyscallError } from "./libc/errno.ts";
import { firstPiece, pollForWriting, write } from "./libc/files.ts";

const STDOUT = 1;
const STDERR = 2;

/**
 * Prints what was asked for, and waits for a slow reader to take it.
 * @throws {SyscallError} when stdout does not take it: closed, full disk, reader gone
 */
export function answer(text: string): void {
  writeAll(STDOUT, text, -1);
}

let json = false;

/** From now on, writes a JSON object a line on stderr: time, level, message, and what there is. */
export function logAsJson(): void {
  json = true;
}

/**
 * Says something on stderr, if stderr takes it now. Nobody reading (closed, full pipe, full disk)
 * must never hold up or end the process that holds a pod, so what cannot be said is dropped.
 * @param fields what a program would want of it, for JSON
 */
export function say(text: string, fields: Readonly<Record<string, unknown>> = {}): void {
  log("info", text, text, fields);
}

function log(level: string, line: string, message: string, fields = {}): void {
  try {
    const entry = json
      ? toJson({ time: new Date().toISOString(), level, message, ...fields })
      : line;
    writeAll(STDERR, entry, 0);
  } catch {
    // Nowhere is left to report it.
  }
}

/**
 * Prints something that was asked for, if stdout takes it within a second, and goes on in any case.
 */
export function inform(text: string): void {
  try {
    writeAll(STDOUT, text, 1000);
  } catch {
    // It was asked for by the way; what counts is to go on.
  }
}

/** A warning: what is not as it should be, while the process carries on. */
export function warn(text: string): void {
  log("warning", `Warning: ${text}`, text);
}

/** An error: why the process is about to exit. */
export function error(text: string): void {
  log("error", `Error: ${text}`, text);
}

/** More characters of a value than this tell nobody anything. */
const ENOUGH = 200;

/**
 * A value as typed by somebody, in quotes, safe to print on a terminal: no escape sequence, line
 * break or bidirectional control of it is left in effect. One that is very long is cut short.
 */
export function quote(value: string): string {
  if (value.length <= ENOUGH) return toJson(value);
  return `${toJson(value.slice(0, ENOUGH))}... (${value.length} characters)`;
}

/**
 * Anything as JSON on one line, as safe as a quoted value: what could have an effect, or is not to
 * be seen at all, is escaped. It stands in strings only, so that means the same to a program.
 */
export function toJson(value: unknown): string {
  // Control, format (bidirectional, zero width, tags), line and paragraph separators, private use
  // and unassigned characters; JSON.stringify has escaped surrogates without their other half.
  return JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
}

/** More interruptions of one line than this are not interruptions any more. */
const ATTEMPTS = 100;

/** Writes a line; gives up when the descriptor takes nothing more within the milliseconds. */
function writeAll(fd: number, line: string, milliseconds: number): void {
  let rest: Uint8Array = new TextEncoder().encode(`${line}\n`);
  for (let attempt = 1; rest.length > 0; attempt++) {
    try {
      if (!pollForWriting(fd, milliseconds)) return;
      // No more at a time than poll has vouched for, or the write would wait for a reader.
      const count = write(fd, milliseconds < 0 ? rest : firstPiece(fd, rest));
      if (count === 0) return;
      rest = rest.subarray(count);
      attempt = 0;
    } catch (failure) {
      const interrupted = failure instanceof SyscallError && failure.errno === Errno.EINTR;
      if (!interrupted || attempt === ATTEMPTS) throw failure;
    }
  }
}
