// What is changed in the Bun executable that a release is built on, as data: what, why, how often,
// and the test that shows it. See docs/design.md, "The closed runtime".

import type { Architecture } from "./architectures.ts";
import { type Elf, Rela, Sym } from "./elf.ts";
import { blankLocales, blankSpace } from "./locales.ts";

/** One change of the executable, which keeps its size. */
export interface Patch {
  readonly what: string;
  readonly why: string;
  /** The test that fails without it. */
  readonly test: string;
  /** How often it must find what it changes: exactly. */
  readonly count: number;
  /**
   * @returns how often it has found it
   * @throws {Error} if something is not as it expects
   */
  readonly apply: (image: Buffer, arch: Architecture, elf: Elf) => number;
}

const ENVIRONMENT = "test/closed/environment.test.ts";
const CRASH = "test/closed/crash.test.ts";
const RUN = "test/conformance/run.test.ts";

/** Every patch, in the order in which they are applied. */
export const PATCHES: readonly Patch[] = [
  {
    what: "getenv knows no variable",
    why: "some 200 variables change what Bun does, BUN_BE_BUN makes it run any script",
    test: ENVIRONMENT,
    count: 1,
    apply: replaceImport("getenv", "returnNull"),
  },
  {
    what: "secure_getenv knows no variable",
    why: "the same, for the allocator and libraries",
    test: ENVIRONMENT,
    count: 1,
    apply: replaceImport("secure_getenv", "returnNull"),
  },
  {
    what: "gmtime_r gives no date",
    why: "libc's opens the file that TZ names, and hangs if it is a pipe; its one use at start is the Date header of a web server",
    test: ENVIRONMENT,
    count: 1,
    apply: replaceImport("gmtime_r", "zeroTime"),
  },
  {
    what: "signal changes nothing",
    why: "the runtime ignores SIGPIPE and SIGXFSZ at start, and a command is to have what pause was given",
    test: RUN,
    count: 1,
    apply: replaceImport("signal", "returnNull"),
  },
  {
    what: "setrlimit changes nothing",
    why: "the runtime raises the limit of open files, and a command is to have the one pause was given",
    test: RUN,
    count: 1,
    apply: replaceImport("setrlimit", "returnNull"),
  },
  {
    what: "a crash is said to be ours",
    why: "who sees it has pause, and has not heard of Bun",
    test: CRASH,
    count: 2,
    apply: replaceText(
      "Bun has crashed. This indicates a bug in Bun, not your code.",
      "pause has crashed: no /proc or memory, or a fault of its own",
    ),
  },
  {
    what: "out of memory is said to be ours",
    why: "the same",
    test: CRASH,
    count: 1,
    apply: replaceText("Bun has run out of memory.", "pause found no memory left"),
  },
  {
    what: "a crash report goes to whoever made this executable",
    why: "Bun's team knows nothing of it",
    test: CRASH,
    count: 4,
    apply: replaceText(
      "To send a redacted crash report to Bun's team,\nplease file a GitHub issue using the link below:",
      "If it has both, report this to whoever made this pause, with all\nthe lines above and the trace:",
    ),
  },
  {
    what: "a crash names no address to send data to",
    why: "what follows it holds code addresses, version and message: enough without a site",
    test: CRASH,
    count: 1,
    apply: replaceText("https://bun.report", "trace of the crash"),
  },
  {
    what: "ICU's data for other locales than English is blank",
    why: "9 MB that nothing can ask for: there is no variable left to set a locale, and none is named",
    test: "test/closed/locales.test.ts",
    count: 3923,
    apply: blankLocales,
  },
  {
    what: "environ is of our making, for the runtime alone",
    why: "the engine takes every BUN_JSC_ variable from there, and process.env is made of it",
    test: ENVIRONMENT,
    count: 4, // Three names of one variable, and the relocation that fills it.
    apply: ownEnviron,
  },
];

/** The runtime's whole environment: settings of the engine that a build cannot make otherwise. */
const SETTINGS = [
  // No thread that makes heap blocks in advance, no collector that runs beside the program, and no
  // thread that helps it: this program has one thread, and sleeps nearly always.
  "BUN_JSC_useWarmUpMarkedBlocks=0",
  "BUN_JSC_useConcurrentGC=0",
  "BUN_JSC_numberOfGCMarkers=1",
] as const;

/** Replaces each occurrence of a text. */
function replaceText(text: string, by: string): Patch["apply"] {
  if (by.length !== text.length) throw new Error(`"${by}" is not as long as "${text}"`);
  return (image) => {
    let count = 0;
    for (let at = image.indexOf(text); at !== -1; at = image.indexOf(text, at + 1)) {
      image.write(by, at, "latin1");
      count++;
    }
    return count;
  };
}

/** What is put into a table entry of 16 bytes, in machine code of each architecture. */
const STUBS = {
  /** `return NULL` */
  returnNull: {
    x64: "31c0 c3 cccccccccccccccccccccccccc", // xor eax, eax; ret; int3 ...
    arm64: "e0031faa c0035fd6 1f2003d5 1f2003d5", // mov x0, xzr; ret; nop; nop
  },
  /** `struct tm *f(const time_t *time, struct tm *result)`: seconds to weekday are zero. */
  zeroTime: {
    x64: "0f57c0 0f1106 0f114610 4889f0 c3 cc cc", // xorps xmm0, xmm0; movups [rsi] and [rsi + 16], xmm0; mov rax, rsi; ret
    arm64: "00e4006f 200000ad e00301aa c0035fd6", // movi v0.2d, 0; stp q0, q0, [x1]; mov x0, x1; ret
  },
} as const satisfies Record<string, Record<Architecture, string>>;

/**
 * Replaces the entry of the procedure linkage table by which the executable calls a function of
 * libc. For it alone: libc's own calls, and those by bun:ffi, do not go that way.
 */
function replaceImport(name: string, by: keyof typeof STUBS): Patch["apply"] {
  return (image, arch, elf) => {
    const stub = Buffer.from(STUBS[by][arch].replaceAll(" ", ""), "hex");
    if (stub.length !== PLT[arch].entry) throw new Error(`a stub of ${stub.length} bytes`);
    if (elf.relocations(".rela.dyn").some(({ symbol }) => symbol === name)) {
      throw new Error("its address is taken too");
    }
    const plt = elf.section(".plt");
    let count = 0;
    for (const [index, { symbol, address }] of elf.relocations(".rela.plt").entries()) {
      if (symbol !== name) continue;
      const from = PLT[arch].header + PLT[arch].entry * index;
      if (PLT[arch].target(image, plt.offset + from, plt.address + from) !== address) {
        throw new Error("the entry does not jump where its relocation says");
      }
      stub.copy(image, plt.offset + from);
      count++;
    }
    return count;
  };
}

/** A procedure linkage table: its layout, and the slot through which an entry jumps. */
const PLT = {
  x64: {
    header: 16,
    entry: 16,
    // jmp [rip + displacement]
    target: (image: Buffer, at: number, address: number) =>
      image.readUInt16LE(at) === 0x25ff ? address + 6 + image.readInt32LE(at + 2) : undefined,
  },
  arm64: {
    header: 32,
    entry: 16,
    // adrp x16, page; ldr x17, [x16, offset]
    target: (image: Buffer, at: number, address: number) => {
      const [adrp, ldr] = [image.readUInt32LE(at), image.readUInt32LE(at + 4)];
      const pages = (((adrp >>> 5) & 0x7ffff) << 2) | ((adrp >>> 29) & 3);
      return (address & ~0xfff) + pages * 4096 + ((ldr >>> 10) & 0xfff) * 8;
    },
  },
} as const;

/** `st_other` of a symbol that the loader does not show to other libraries. elf(5), STV_HIDDEN */
const HIDDEN = 2;

/** Relocations: fill in a copy of a library's variable; a constant. */
const TYPES = {
  x64: { copy: 5, relative: 8 }, // R_X86_64_COPY, R_X86_64_RELATIVE
  arm64: { copy: 1024, relative: 1027 }, // R_AARCH64_COPY, R_AARCH64_RELATIVE
} as const;

/**
 * The executable has a copy of libc's `environ`, which libc then uses too. Hidden, it is the
 * executable's alone, and libc keeps its own. Instead of a copy it gets the address of SETTINGS,
 * which are put where ICU's data is blank.
 */
function ownEnviron(image: Buffer, arch: Architecture, elf: Elf): number {
  const symbols = elf.symbols();
  const address = symbols.find(({ name }) => name === "environ")?.value ?? 0;
  const names = symbols.filter(({ value }) => value === address && value !== 0);
  for (const { at, name } of names) {
    if (!/^_?_?environ$/.test(name)) throw new Error(`"${name}" is the same variable`);
    image[at + Sym.other] = HIDDEN;
  }
  const { copy, relative } = TYPES[arch];
  const copies = elf.relocations(".rela.dyn").filter((each) => each.address === address);
  for (const { at, type } of copies) {
    if (type !== copy) throw new Error("it is not a copy of libc's");
    image.writeBigUInt64LE(BigInt(relative), at + Rela.info);
    image.writeBigUInt64LE(BigInt(writeSettings(image, elf)), at + Rela.addend);
  }
  return names.length + copies.length;
}

/** Writes SETTINGS as the list of pointers that `environ` is, and returns its address. */
function writeSettings(image: Buffer, elf: Elf): number {
  const { offset, address } = elf.section(".rodata");
  const list = blankSpace(image, 1024);
  const words = 8 * (SETTINGS.length + 1);
  let string = list + words;
  for (const [index, setting] of SETTINGS.entries()) {
    // Addresses are final: neither executable is position-independent.
    image.writeBigUInt64LE(BigInt(string - offset + address), list + 8 * index);
    string += image.write(`${setting}\0`, string, "latin1");
  }
  return list - offset + address;
}
