// The direction of imports, from the sources' own import lines.

import { expect, test } from "bun:test";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "../../src");
const files = Array.from(new Bun.Glob("**/*.ts").scanSync({ cwd: root })).sort();

/** Which folder may import from which; "." stands for the files at the top of src. */
const ALLOWED: Record<string, readonly string[]> = {
  "main.ts": ["cli", "libc", "."],
  "roles.ts": ["cli", "mode", "process", "libc", "."],
  cli: ["cli", "libc", "."],
  mode: ["mode", "park", "process", "libc", "."],
  park: ["park", "process", "libc", "."],
  process: ["process", "libc", "."],
  libc: ["libc"],
  ".": ["libc"],
};

interface Import {
  readonly from: string;
  readonly lazy: boolean;
}

async function importsOf(file: string): Promise<Import[]> {
  const text = await Bun.file(join(root, file)).text();
  const found = text.matchAll(
    /(?:^(?:import|export)\b[^;"]*\bfrom|^import|\b(import)\()\s*"([^"]+)"/gm,
  );
  return Array.from(found, ([, lazy, from]) => ({ from: from ?? "", lazy: lazy !== undefined }));
}

/** The folder under src that a file is in. */
function folderOf(file: string): string {
  return file.includes("/") ? (file.split("/")[0] ?? "") : ".";
}

test("finds the imports it is to judge", async () => {
  expect(files).toContain("main.ts");
  expect(await importsOf("main.ts")).toContainEqual({ from: "./roles.ts", lazy: true });
  expect(await importsOf("roles.ts")).toContainEqual({ from: "./mode/run.ts", lazy: true });
  expect(await importsOf("libc/library.ts")).toContainEqual({ from: "bun:ffi", lazy: false });
});

test("imports go from main and roles to cli and mode, on to park, process and libc, and never back", async () => {
  for (const file of files) {
    for (const { from } of await importsOf(file)) {
      if (!from.startsWith(".")) continue;
      const target = folderOf(relative(root, join(root, file, "..", from)));
      const allowed = ALLOWED[file] ?? ALLOWED[folderOf(file)] ?? [];
      expect({ file, from, ok: allowed.includes(target) }).toEqual({ file, from, ok: true });
    }
  }
});

/** Describes what is printed: its types are imported, and nothing that runs. */
const SCHEMA = "mode/zombies/schema.ts";

test("only libc imports bun:ffi, and only the reading of arguments and a schema zod", async () => {
  for (const file of files) {
    for (const { from } of await importsOf(file)) {
      if (from === "bun:ffi") expect(folderOf(file)).toBe("libc");
      else if (from === "zod") expect(["cli/values.ts", SCHEMA]).toContain(file);
      else if (from === "node:util") expect(file).toBe("cli/arguments.ts");
      else expect(from).toStartWith(".");
    }
  }
});

test("a schema is imported for its types alone", async () => {
  const lines = await Promise.all(
    files.map(async (file) =>
      (await Bun.file(join(root, file)).text()).match(/^.*schema\.ts".*$/gm),
    ),
  );
  const imports = lines.flatMap((found) => found ?? []);
  expect(imports).not.toBeEmpty();
  for (const line of imports) expect(line).toStartWith("import type ");
});

test("what runs first is loaded by itself: its imports have no import, and nobody else has them", async () => {
  const first = (await importsOf("main.ts")).filter(({ lazy }) => !lazy);
  expect(first).toHaveLength(2);
  for (const { from } of first) {
    const path = join(root, from);
    const typesAside = (await Bun.file(path).text()).replace(/^import type [^;]*;/gm, "");
    expect(typesAside).not.toMatch(/^import|\brequire\(|\bimport\(/m);
    for (const file of files.filter((name) => name !== "main.ts")) {
      const text = (await Bun.file(join(root, file)).text()).replace(/^import type [^;]*;/gm, "");
      expect({ file, imports: text.includes(`/${from.split("/").at(-1)}"`) }).toEqual({
        file,
        imports: false,
      });
    }
  }
});

test("nothing on the way of a bare start imports zod, or Bun's modules beside bun:ffi", async () => {
  const seen = new Set<string>();
  const visit = async (file: string): Promise<void> => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { from, lazy } of await importsOf(file)) {
      if (lazy) continue;
      if (from.startsWith(".")) await visit(relative(root, join(root, file, "..", from)));
      else expect({ file, from }).toEqual({ file, from: "bun:ffi" });
    }
  };
  await visit("main.ts");
  await visit("roles.ts");
  expect(seen).not.toContain("cli/values.ts");
  expect(seen).not.toContain("cli/request.ts");
  expect(seen).toContain("park/park.ts");
});

test("only roles.ts ends the process", async () => {
  for (const file of files) {
    if (file === "roles.ts" || folderOf(file) === "libc") continue;
    expect(await Bun.file(join(root, file)).text()).not.toMatch(/\bexit\(|process\.exit/);
  }
});
