// What comes before all else, with what that takes and no more: blocking the signals, and printing
// a line.
//
// A thread that is born before the block has the signals open, and would take a SIGTERM meant for
// the loop; some of Bun's own modules start one when they are evaluated. A thread born after it
// inherits the block. What was born earlier still: see process/threads.ts.
//
// So libc is opened here by what bun:ffi itself opens it by. Evaluating that module takes a tenth
// of the start, and so does what library.ts binds: meanwhile the signals would be open.

import type { FFIFunction, Library } from "bun:ffi";

/** Numbers of bun:ffi's FFIType, as a test compares. */
export const TYPES = { i32: 5, ptr: 12, void: 13, i64_fast: 15, u64_fast: 16 } as const;

/** SIG_BLOCK. sigprocmask(2) */
const BLOCK = 0;

/** SIGINT, SIGTERM and SIGCHLD: WAITED of process/mask.ts, as a test compares. */
export const SIGNALS = (1 << (2 - 1)) | (1 << (15 - 1)) | (1 << (17 - 1));
const SIGPIPE = 1 << (13 - 1);

const STDOUT = 1;

const FUNCTIONS = {
  _exit: { args: [TYPES.i32], returns: TYPES.void },
  sigprocmask: { args: [TYPES.i32, TYPES.ptr, TYPES.ptr], returns: TYPES.i32 },
  write: { args: [TYPES.i32, TYPES.ptr, TYPES.u64_fast], returns: TYPES.i64_fast },
} as const satisfies Record<string, FFIFunction>;

/** Undocumented, and there in the one Bun that tools/runtime.ts lets pass. */
const { dlopen } = (
  Bun as unknown as {
    readonly FFI: {
      dlopen(name: string, functions: typeof FUNCTIONS): Library<typeof FUNCTIONS> | Error;
    };
  }
).FFI;

/** libc's functions; undefined where the call is refused, as library.ts says. */
const libc = open();

function open() {
  try {
    const library = dlopen("libc.so.6", FUNCTIONS);
    return library instanceof Error ? undefined : library.symbols;
  } catch {
    return undefined;
  }
}

/** A signal mask: the signals 1 to 32, and 33 to 64. */
export type MaskWords = readonly [low: number, high: number];

/** How many 32-bit words a sigset_t has: 1024 bits, though the kernel knows 64 signals. */
const WORDS = 1024 / 32;

/**
 * Blocks SIGINT, SIGTERM and SIGCHLD, or others. A blocked signal stays pending until it is waited
 * for, even for PID 1 and even where its disposition is to be ignored (kernel/signal.c,
 * sig_ignored), so from here on none is lost.
 * @returns the mask as it was before; undefined where it failed, and who tries again says why
 */
export function blockAtOnce(signals = SIGNALS): MaskWords | undefined {
  if (libc === undefined) return undefined;
  const set = new Uint32Array(WORDS);
  set[0] = signals;
  const before = new Uint32Array(WORDS);
  if (libc.sigprocmask(BLOCK, set, before) !== 0) return undefined;
  return [before[0] ?? 0, before[1] ?? 0];
}

/**
 * Writes a line to stdout, and ends the process with 0.
 * @returns where stdout does not take it at once; who tries again says why
 */
export function printAndExitAtOnce(line: string): void {
  if (libc === undefined) return;
  blockAtOnce(SIGPIPE); // A stdout whose reader has gone is an error to be told.
  const { write, _exit } = libc;
  const bytes = new TextEncoder().encode(`${line}\n`);
  if (Number(write(STDOUT, bytes, bytes.length)) === bytes.length) _exit(0);
}
