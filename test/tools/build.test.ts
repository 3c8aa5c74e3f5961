// That a build is a function of the commit.

import { expect, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import packageJson from "../../package.json" with { type: "json" };
import { needing } from "../support/needs.ts";

const root = join(import.meta.dirname, "../..");

/** Builds a copy of the sources in a folder of its own, under an umask of its own. */
function buildElsewhere(
  umask: string,
  wrapper: readonly string[] = [],
): { executable: Bun.BunFile; directory: string } {
  const directory = mkdtempSync(join(tmpdir(), `pause-build-${umask}-`));
  const inputs = ["src", "tools", "build.ts", "package.json", "tsconfig.json", "node_modules/zod"];
  for (const name of inputs) cpSync(join(root, name), join(directory, name), { recursive: true });
  symlinkSync(join(root, "node_modules/@oven"), join(directory, "node_modules/@oven"));
  const { success, stderr } = Bun.spawnSync(
    [...wrapper, "sh", "-c", `umask ${umask} && exec "$0" build.ts`, process.execPath],
    { cwd: directory },
  );
  if (!success) throw new Error(stderr.toString());
  return { executable: Bun.file(join(directory, "dist/pause")), directory };
}

async function sha256(file: Bun.BunFile): Promise<string> {
  return new Bun.CryptoHasher("sha256").update(await file.arrayBuffer()).digest("hex");
}

test("two builds in two folders are the same bytes, and so is dist/pause", async () => {
  const builds = ["022", "077"].map((umask) => buildElsewhere(umask));
  try {
    const expected = await sha256(Bun.file(join(root, "dist/pause")));
    for (const { executable } of builds) expect(await sha256(executable)).toBe(expected);
  } finally {
    for (const { directory } of builds) rmSync(directory, { recursive: true });
  }
});

needing("root")("once everything is installed, a build needs no network", async () => {
  const { executable, directory } = buildElsewhere("022", ["unshare", "--net"]);
  const expected = await sha256(Bun.file(join(root, "dist/pause")));
  expect(await sha256(executable)).toBe(expected);
  rmSync(directory, { recursive: true });
});

test("every package is locked by its hash, and to no host", async () => {
  const { packages } = await Bun.file(join(root, "package-lock.json")).json();
  const locked = Object.entries<{ integrity?: string; resolved?: string }>(packages).slice(1);
  expect(locked.length).toBeGreaterThan(4);
  for (const [name, { integrity, resolved }] of locked) {
    expect({ name, integrity, resolved }).toEqual({
      name,
      integrity: expect.stringMatching(/^sha512-[\w+/]{86}==$/),
      resolved: undefined,
    });
  }
});

test("the version stands in package.json and nowhere else", async () => {
  const { version } = packageJson;
  const files = new Bun.Glob("{src,tools,test}/**").scanSync({ cwd: root, absolute: true });
  for (const file of [...files, join(root, "build.ts")]) {
    expect({ file, has: (await Bun.file(file).text()).includes(version) }).toEqual({
      file,
      has: false,
    });
  }
});
