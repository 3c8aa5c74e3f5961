// That the libraries of an executable are found as the loader finds them.

import { afterAll, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { HOST } from "../../tools/architectures.ts";
import { defaultDirectories, type RuntimeFile, runtimeFiles } from "../../tools/loader.ts";
import { PAUSE } from "../support/executables.ts";
import { FOREIGN } from "../support/needs.ts";

const scratch = mkdtempSync(join(tmpdir(), "pause-loader-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const files = runtimeFiles(PAUSE, HOST);
const [loader] = files as [RuntimeFile, ...RuntimeFile[]];

/** What a library is in a list of files. */
const named = (name: string) => (file: RuntimeFile) => file.target.endsWith(`/${name}`);

/** A root with the given files in it, and others besides. */
function rootWith(name: string, what: readonly RuntimeFile[]): string {
  const root = join(scratch, name);
  for (const { source, target } of what) {
    mkdirSync(dirname(join(root, target)), { recursive: true });
    copyFileSync(source, join(root, target));
  }
  return root;
}

/** A small executable of this machine's, changed. */
function changed(name: string, change: (elf: Buffer) => void): string {
  const elf = readFileSync(Bun.which("true") ?? "");
  change(elf);
  const path = join(scratch, name);
  writeFileSync(path, elf);
  return path;
}

test("finds what the loader itself finds", () => {
  const { stdout } = Bun.spawnSync([loader.source, "--list", PAUSE]);
  const paths = stdout.toString().matchAll(/=> (\/\S+)/g);
  const libraries = Array.from(paths, ([, path]) => path ?? "");
  expect(libraries.length).toBeGreaterThan(0);
  expect(
    files
      .slice(1)
      .map(({ source }) => source)
      .sort(),
  ).toEqual(libraries.sort());
});

test("knows the default directories that the loader says it has", () => {
  const { stdout } = Bun.spawnSync([loader.source, "--list-diagnostics"]);
  const said = stdout.toString().matchAll(/^path\.system_dirs\[.*?\]="(.*)"$/gm);
  expect(defaultDirectories(loader.source)).toEqual(Array.from(said, ([, path]) => path ?? ""));
});

test("what pause opens at run time is among them", async () => {
  const source = await Bun.file(join(import.meta.dirname, "../../src/libc/library.ts")).text();
  const opened = Array.from(source.matchAll(/\bdlopen\("([^"]+)"/g), ([, name]) => name ?? "");
  expect(opened).toContain("libc.so.6");
  for (const name of opened)
    expect({ name, found: files.some(named(name)) }).toEqual({ name, found: true });
});

test("a library that is not there is an error, with its name, who needs it, and its package", () => {
  const without = rootWith(
    "without",
    files.filter((file) => !named("libm.so.6")(file)),
  );
  expect(() => runtimeFiles(PAUSE, HOST, [without])).toThrow(
    new RegExp(`^Cannot find "libm.so.6", which "${PAUSE}" needs, in .*: .*\\blibc6$`),
  );
});

test("of an unknown library the error says how to find the package", () => {
  const path = changed("unknown", (elf) => elf.write("libq", elf.indexOf("libc.so.6\0"), "latin1"));
  expect(() => runtimeFiles(path, HOST)).toThrow(/"libq\.so\.6", .*"apt-file search libq\.so\.6"/);
});

test("where the loader of another architecture is missing, the error names the cross package", () => {
  expect(() => runtimeFiles(PAUSE, FOREIGN, [scratch])).toThrow(/libc6-(arm64|amd64)-cross/);
});

test("a library for another architecture is passed over", () => {
  const root = rootWith("mixed", files);
  const directories = defaultDirectories(loader.source);
  const [first, last] = [directories[0] ?? "", directories.at(-1) ?? ""];
  const libm = readFileSync(join(root, files.find(named("libm.so.6"))?.target ?? ""));
  mkdirSync(join(root, last), { recursive: true });
  writeFileSync(join(root, last, "libm.so.6"), libm);
  libm.writeUInt16LE(8, 18); // e_machine: MIPS.
  writeFileSync(join(root, first, "libm.so.6"), libm);
  const found = runtimeFiles(PAUSE, HOST, [root]).find(named("libm.so.6"));
  expect(found?.target).toBe(join(last, "libm.so.6"));
});

test("an executable with a search path of its own is refused rather than guessed at", () => {
  const path = changed("runpath", (elf) => {
    const [headers, size] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54)];
    const dynamic = Array.from(
      { length: elf.readUInt16LE(56) },
      (_, index) => headers + index * size,
    ).find((at) => elf.readUInt32LE(at) === 2) as number;
    const entries = Number(elf.readBigUInt64LE(dynamic + 8));
    for (let at = entries; elf.readBigUInt64LE(at) !== 0n; at += 16)
      if (elf.readBigUInt64LE(at) === 12n) elf.writeBigUInt64LE(29n, at); // DT_INIT: DT_RUNPATH.
  });
  expect(() => runtimeFiles(path, HOST)).toThrow(/search path of its own/);
});

test("what is no ELF file is an error that says so", () => {
  expect(() => runtimeFiles(import.meta.path, HOST)).toThrow(/not a 64-bit ELF file/);
});
