// Descriptors and files: those of /proc read whole, a write that does not block.

import { CString, ptr } from "bun:ffi";

import { DIRENT_NAME, O_CLOEXEC, O_RDONLY, PIPE_BUF, PollFd, POLLOUT } from "./abi.ts";
import { checked, lastErrno, SyscallError } from "./errno.ts";
import { libc, rareLibc } from "./library.ts";

/**
 * Writes bytes, as many as the descriptor takes. write(2)
 * @returns how many it took
 * @throws {SyscallError}
 */
export function write(fd: number, bytes: Uint8Array): number {
  return checked("write", Number(libc.write(fd, ptr(bytes), bytes.length)));
}

/**
 * Whether a write would go through now. poll(2)
 * @param milliseconds how long to wait for it, -1 for ever
 * @returns true too for a descriptor in error, since the write then fails at once and says why
 * @throws {SyscallError}
 */
export function pollForWriting(fd: number, milliseconds: number): boolean {
  const request = new DataView(new ArrayBuffer(PollFd.size));
  request.setInt32(PollFd.fd, fd, true);
  request.setInt16(PollFd.events, POLLOUT, true);
  return checked("poll", libc.poll(ptr(request), 1, milliseconds)) > 0;
}

/** Whether a descriptor is a terminal. isatty(3) */
export function isatty(fd: number): boolean {
  return rareLibc().isatty(fd) === 1;
}

/** A pseudo-terminal has its room in units of 256 bytes, of which a write may find one. */
const TERMINAL_PIECE = 128;
const NEWLINE = 10;

/**
 * As much of the bytes as a descriptor takes at once where poll(2) says that it takes any. A
 * terminal makes two characters of a newline, so that is a piece of its own.
 */
export function firstPiece(fd: number, bytes: Uint8Array): Uint8Array {
  if (!isatty(fd)) return bytes.subarray(0, PIPE_BUF);
  const line = bytes.indexOf(NEWLINE);
  return bytes.subarray(0, line === -1 ? TERMINAL_PIECE : Math.min(TERMINAL_PIECE, line || 1));
}

/**
 * A whole file of /proc, as bytes.
 * @throws {SyscallError} from open(2) or read(2)
 */
export function readFile(path: string): Uint8Array {
  const fd = checked("open", libc.open(path, O_RDONLY | O_CLOEXEC));
  try {
    let bytes = new Uint8Array(8192);
    for (let length = 0; ;) {
      if (length === bytes.length) {
        const larger = new Uint8Array(2 * length);
        larger.set(bytes);
        bytes = larger;
      }
      const room = bytes.length - length;
      const count = checked("read", Number(libc.read(fd, ptr(bytes, length), room)));
      if (count === 0) return bytes.subarray(0, length);
      length += count;
    }
  } finally {
    libc.close(fd);
  }
}

/**
 * A whole file of /proc, as text.
 * @throws {SyscallError} from open(2) or read(2)
 */
export function readTextFile(path: string): string {
  const bytes = readFile(path);
  return bytes.length === 0 ? "" : String(new CString(ptr(bytes), 0, bytes.length));
}

/**
 * The beginning of a file of /proc, into memory that is there already: for the last look before the
 * runtime is left, when nothing may be allocated any more; and without an exception for a process
 * that has just ended, which among thousands is nothing unusual.
 * @returns how many bytes there are; or the error number of open(2) or read(2), negated
 */
export function readBeginning(path: string, buffer: Uint8Array): number {
  const fd = libc.open(path, O_RDONLY | O_CLOEXEC);
  if (fd === -1) return -lastErrno();
  const length = Number(libc.read(fd, ptr(buffer), buffer.length));
  const result = length === -1 ? -lastErrno() : length;
  libc.close(fd);
  return result;
}

/** Closes a descriptor. close(2) */
export function close(fd: number): void {
  libc.close(fd);
}

/**
 * The names in a directory, without "." and "..". opendir(3), readdir(3)
 * @throws {SyscallError} when it cannot be opened
 */
export function readDirectory(path: string): string[] {
  const directory = rareLibc().opendir(path);
  if (directory === null) throw new SyscallError("opendir", lastErrno());
  try {
    const names: string[] = [];
    for (;;) {
      const entry = rareLibc().readdir(directory);
      if (entry === null) return names;
      const name = String(new CString(entry, DIRENT_NAME));
      if (name !== "." && name !== "..") names.push(name);
    }
  } finally {
    rareLibc().closedir(directory);
  }
}
