// The one place where libc is opened and its functions are bound, each by its name.

import { dlopen, type FFIFunction, FFIType } from "bun:ffi";

/** What each function takes and returns, as in its man page (section 2 or 3). */
const FUNCTIONS = {
  __errno_location: { args: [], returns: "ptr" },
  _exit: { args: ["i32"], returns: "void" },
  close: { args: ["i32"], returns: "i32" },
  closedir: { args: ["ptr"], returns: "i32" },
  execv: { args: ["ptr", "ptr"], returns: "i32" },
  getauxval: { args: ["u64"], returns: "ptr" },
  getpid: { args: [], returns: "i32" },
  kill: { args: ["i32", "i32"], returns: "i32" },
  open: { args: ["cstring", "i32"], returns: "i32" },
  opendir: { args: ["cstring"], returns: "ptr" },
  pause: { args: [], returns: "i32" },
  poll: { args: ["ptr", FFIType.u64_fast, "i32"], returns: "i32" },
  read: { args: ["i32", "ptr", FFIType.u64_fast], returns: FFIType.i64_fast },
  readdir: { args: ["ptr"], returns: "ptr" },
  sigaction: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  sigprocmask: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  sigwaitinfo: { args: ["ptr", "ptr"], returns: "i32" },
  sleep: { args: ["u32"], returns: "u32" },
  strsignal: { args: ["i32"], returns: "cstring" },
  waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
  write: { args: ["i32", "ptr", FFIType.u64_fast], returns: FFIType.i64_fast },
} as const satisfies Record<string, FFIFunction>;

/**
 * "libc.so.6" is glibc's name for itself, and musl's loader resolves it to itself too. Where the
 * call is refused (bun:ffi makes its thunks with the JIT, so it needs memory that is both written
 * and run) an import must not fail with a stack trace: each function then throws the reason
 * instead, and the first call, which blocks the signals, reports it.
 */
function open() {
  try {
    return dlopen("libc.so.6", FUNCTIONS).symbols;
  } catch (cause) {
    const refuse = () => {
      throw new Error(`Cannot call libc: ${(cause as Error).message}`, { cause });
    };
    return new Proxy({}, { get: () => refuse }) as never;
  }
}

/** libc's functions, as they are: results and errno unchecked. For the typed ones see calls.ts. */
export const libc = open();

/**
 * Where a function of libc is in memory, for the kernel or libc to call.
 * @param name one of the functions bound above
 */
export function addressOf(name: keyof typeof FUNCTIONS): number {
  // Each bound function has its address as `ptr`; bun-types does not declare it.
  return (libc[name] as unknown as { readonly ptr: number }).ptr;
}
