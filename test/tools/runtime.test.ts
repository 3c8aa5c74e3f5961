// That a release is built on the runtime that the patches were written for, and no other.

import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import packageJson from "../../package.json" with { type: "json" };
import { applyPatch, closeRuntime, lockedRuntime } from "../../tools/runtime.ts";
import { PATCHES } from "../../tools/patches.ts";

const { bun } = packageJson.devDependencies;
const arch = process.arch === "arm64" ? "arm64" : "x64";
const locked = readFileSync(lockedRuntime(arch));
const directory = mkdtempSync(join(tmpdir(), "pause-runtime-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** A file like the locked executable, but changed. */
function altered(name: string, change: (image: Buffer) => Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, change(Buffer.from(locked)));
  return path;
}

test("another version, size or content of Bun is refused, by what differs", async () => {
  const version = altered("version", (image) => {
    const at = image.indexOf(`Bun v${bun} (Linux`);
    image.write("Bun v9.9.9 (Linux", at);
    return image;
  });
  const size = altered("size", (image) => image.subarray(0, -1));
  const content = altered("content", (image) => image.fill(1, image.length - 1));
  const foreign = altered("foreign", () => Buffer.from("#!/bin/sh\n"));
  const refused = (path: string, why: string) =>
    expect(closeRuntime(path, arch)).rejects.toThrow(`Cannot build on "${path}": its ${why}`);
  await refused(version, `version is 9.9.9, not ${bun}; run npm ci`);
  await refused(size, `size is ${locked.length - 1}, not ${locked.length};`);
  await refused(content, "sha256 is ");
  await refused(foreign, "version is none");
  expect(await closeRuntime(lockedRuntime(arch), arch)).toContain(`/${arch}-`);
});

const installed = (["x64", "arm64"] as const).filter((each) => existsSync(lockedRuntime(each)));

test.each(installed)("%s: a patch that finds not what it expects stops the build", (arch) => {
  const locked = readFileSync(lockedRuntime(arch));
  for (const patch of PATCHES) {
    const image = Buffer.from(locked);
    applyPatch(patch, image, arch);
    // A second time there is nothing left of it, or it is not as expected.
    expect(() => applyPatch(patch, image, arch)).toThrow(`Cannot patch Bun (${patch.what}): `);
    expect(() =>
      applyPatch({ ...patch, count: patch.count + 1 }, Buffer.from(locked), arch),
    ).toThrow(`found ${patch.count}, expected ${patch.count + 1}`);
  }
});

test("the patches change what they say, and nothing else", async () => {
  const closed = readFileSync(await closeRuntime(lockedRuntime(arch), arch));
  expect(closed.length).toBe(locked.length);
  const page = 4096;
  let changed = 0;
  for (let at = 0; at < locked.length; at += page) {
    if (!locked.subarray(at, at + page).equals(closed.subarray(at, at + page))) changed++;
  }
  // 9 MB of locales; and a few pages for texts, symbols, a relocation and three stubs.
  expect(changed).toBeGreaterThan(2000);
  expect(changed).toBeLessThan(2500);
});

test("every patch names a test that exists", async () => {
  for (const { what, why, test: path } of PATCHES) {
    expect({ what, why: why !== "", exists: await Bun.file(path).exists() }).toEqual({
      what,
      why: true,
      exists: true,
    });
  }
});
