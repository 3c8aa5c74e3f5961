// The architectures there is an image for, and by what name each goes with whom.

/** By Node's name of it. */
export const ARCHITECTURES = {
  x64: {
    /** In an image's platform, and for Debian. */
    platform: "amd64",
    /** Bun's package, locked with all others. */
    bun: "@oven/bun-linux-x64",
    /** For compilers and folders of libraries. */
    triplet: "x86_64-linux-gnu",
    /** `e_machine` in an ELF header. elf(5) */
    machine: 62,
  },
  arm64: {
    platform: "arm64",
    bun: "@oven/bun-linux-aarch64",
    triplet: "aarch64-linux-gnu",
    machine: 183,
  },
} as const;

/** The name of one. */
export type Architecture = keyof typeof ARCHITECTURES;

/** This machine's; the set-up refuses any other. */
export const HOST = process.arch as Architecture;
