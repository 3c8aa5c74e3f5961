// The one place where libc is opened and its functions are bound, each by its name.

import { dlopen, type FFIFunction, FFIType } from "bun:ffi";

/** What each function takes and returns, as in its man page (section 2 or 3). */
const FUNCTIONS = {
  __errno_location: { args: [], returns: "ptr" },
  _exit: { args: ["i32"], returns: "void" },
  close: { args: ["i32"], returns: "i32" },
  getauxval: { args: [FFIType.u64_fast], returns: "ptr" },
  getenv: { args: ["cstring"], returns: "ptr" },
  getpid: { args: [], returns: "i32" },
  open: { args: ["cstring", "i32"], returns: "i32" },
  poll: { args: ["ptr", FFIType.u64_fast, "i32"], returns: "i32" },
  read: { args: ["i32", "ptr", FFIType.u64_fast], returns: FFIType.i64_fast },
  sigaction: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  sigprocmask: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  sigtimedwait: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
  write: { args: ["i32", "ptr", FFIType.u64_fast], returns: FFIType.i64_fast },
} as const satisfies Record<string, FFIFunction>;

/** What a start as a sandbox does not call. */
const RARE_FUNCTIONS = {
  chdir: { args: ["cstring"], returns: "i32" },
  clone: { args: ["ptr", "ptr", "i32", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  closedir: { args: ["ptr"], returns: "i32" },
  execv: { args: ["cstring", "ptr"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  getpgrp: { args: [], returns: "i32" },
  isatty: { args: ["i32"], returns: "i32" },
  kill: { args: ["i32", "i32"], returns: "i32" },
  opendir: { args: ["cstring"], returns: "ptr" },
  madvise: { args: [FFIType.u64_fast, FFIType.u64_fast, "i32"], returns: "i32" },
  munmap: { args: ["ptr", FFIType.u64_fast], returns: "i32" },
  pause: { args: [], returns: "i32" },
  prctl: { args: ["i32", FFIType.u64_fast, "ptr"], returns: "i32" },
  readdir: { args: ["ptr"], returns: "ptr" },
  readlink: { args: ["cstring", "ptr", FFIType.u64_fast], returns: FFIType.i64_fast },
  setenv: { args: ["cstring", "cstring", "i32"], returns: "i32" },
  sigpending: { args: ["ptr"], returns: "i32" },
  sleep: { args: ["u32"], returns: "u32" },
  strsignal: { args: ["i32"], returns: "cstring" },
  // Variadic in C; with integers alone that is no difference on x64 and arm64.
  syscall: {
    args: [
      FFIType.i64_fast,
      FFIType.i64_fast,
      FFIType.i64_fast,
      FFIType.i64_fast,
      FFIType.i64_fast,
    ],
    returns: FFIType.i64_fast,
  },
  tcgetpgrp: { args: ["i32"], returns: "i32" },
  tcsetpgrp: { args: ["i32", "i32"], returns: "i32" },
  unsetenv: { args: ["cstring"], returns: "i32" },
  waitid: { args: ["i32", "i32", "ptr", "i32"], returns: "i32" },
} as const satisfies Record<string, FFIFunction>;

/** What only the way out of JavaScript needs, and only glibc has. */
const GLIBC_FUNCTIONS = {
  dlsym: { args: ["ptr", "cstring"], returns: "ptr" },
  getcontext: { args: ["ptr"], returns: "i32" },
  makecontext: { args: ["ptr", "ptr", "i32"], returns: "void" },
  mmap: { args: ["ptr", FFIType.u64_fast, "i32", "i32", "i32", FFIType.i64_fast], returns: "ptr" },
  setcontext: { args: ["ptr"], returns: "i32" },
  swapcontext: { args: ["ptr", "ptr"], returns: "i32" },
} as const satisfies Record<string, FFIFunction>;

/** What an operator can do about it. systemd.exec(5), MemoryDenyWriteExecute=; RLIMIT_AS, setrlimit(2) */
const WHAT_THE_JIT_NEEDS =
  "; allow memory that is written and run, and 4 GB of address space (ulimit -v, -d)";

/**
 * "libc.so.6" is glibc's name for itself, and musl's loader resolves it to itself too. Where the
 * call is refused (bun:ffi makes its thunks with the JIT, so it needs memory that is both written
 * and run) an import must not fail with a stack trace: each function then throws the reason
 * instead, and the first call, which blocks the signals, reports it.
 */
function open<Functions extends Record<string, FFIFunction>>(functions: Functions) {
  try {
    return dlopen("libc.so.6", functions).symbols;
  } catch (cause) {
    const refuse = () => {
      throw new Error(`Cannot call libc: ${(cause as Error).message}${WHAT_THE_JIT_NEEDS}`, {
        cause,
      });
    };
    return new Proxy({}, { get: () => refuse }) as never;
  }
}

/**
 * libc's functions, as they are: results and errno unchecked. The typed ones are in the files beside
 * this one, by what they are about.
 */
export const libc = open(FUNCTIONS);

let rare: ReturnType<typeof open<typeof RARE_FUNCTIONS>> | undefined;

/** The same for those that are seldom called; binding one takes 7 µs, which each start would pay. */
export function rareLibc() {
  return (rare ??= open(RARE_FUNCTIONS));
}

/**
 * The functions that only glibc has, or undefined where one is missing. Looked up by way of
 * "libdl.so.2", which depends on libc: dlsym itself was in there before glibc 2.34, the rest is
 * found behind it. musl has no such file.
 */
export function openGlibc() {
  try {
    return dlopen("libdl.so.2", GLIBC_FUNCTIONS).symbols;
  } catch {
    return undefined;
  }
}

/** A function of a library, as bun:ffi binds it. */
type Bound = (...args: never[]) => unknown;

/** Where a bound function is in memory, for the kernel or libc to call. */
export function addressOf(bound: Bound): number {
  // bun-types does not declare this property of a bound function.
  return (bound as unknown as { readonly ptr: number }).ptr;
}
