// That the image is built by whichever tool is there.

import { expect } from "bun:test";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ARCHITECTURES, HOST } from "../../tools/architectures.ts";
import { Clone } from "../support/clone.ts";
import { run } from "../support/image.ts";
import { needing } from "../support/needs.ts";

const { platform } = ARCHITECTURES[HOST];
/** Time for building three images, on a slow day. In milliseconds. */
const SLOW = 600_000;

const QUICK = ["--level=1", `--arch=${platform}`];

/** A PATH on which there are, of all tools, only these, and what tools call. */
function pathWith(clone: Clone, name: string, tools: readonly string[]): string {
  const directory = join(clone.directory, "dist", name);
  mkdirSync(directory, { recursive: true });
  for (const tool of ["git", "tar", "sh", "chmod", "newuidmap", "newgidmap", ...tools]) {
    const path = Bun.which(tool);
    if (path !== null) symlinkSync(path, join(directory, tool));
  }
  return directory;
}

needing("git")("where there is no tool, the error names the three that would do", () => {
  using clone = new Clone();
  const PATH = pathWith(clone, "bin", []);
  expect(() => clone.image(QUICK, { PATH })).toThrow(
    /^Error: Cannot build an image: found none of buildah, podman, docker buildx; install one/,
  );
});

needing(
  "git",
  "buildah",
  "podman",
  "skopeo",
)(
  "podman builds the same image as buildah, and so does what docker buildx writes become",
  () => {
    using clone = new Clone();
    clone.image(QUICK);
    const built = clone.of(platform);
    const said = clone.image(QUICK, { PATH: pathWith(clone, "bin", ["podman"]) });
    expect(said).toContain("with podman");
    expect(clone.of(platform)).toEqual(built);

    // What podman has built, a stand-in for docker can copy as its own: as it comes, not compressed.
    const standIn = join(clone.directory, "dist/docker");
    mkdirSync(standIn);
    const PATH = pathWith(clone, "docker-bin", ["cp", "mv", "env"]);
    writeFileSync(
      join(PATH, "docker"),
      `#!/bin/sh
      case "$2" in version) exit 0 ;; esac
      env >dist/docker/env
      printf '%s\\n' "$@" >dist/docker/args
      cp -r dist/docker/layout dist/image
    `,
      { mode: 0o755 },
    );
    const plain = ["--dest-decompress", `oci:${clone.layout}`, `oci:${standIn}/layout`];
    run(["skopeo", "copy", "--quiet", "--insecure-policy", ...plain]);
    expect(clone.image(QUICK, { PATH })).toContain("with docker buildx");
    expect(clone.of(platform).manifest.digest).toBe(built.manifest.digest);
    const args = readFileSync(join(standIn, "args"), "utf8").trimEnd().split("\n");
    expect(args.slice(0, 2)).toEqual(["buildx", "build"]);
    expect(args).toContain(`--platform=linux/${platform}`);
    const output = args.find((arg) => arg.startsWith("--output="));
    expect(output).toMatch(/=type=oci,tar=false,dest=dist\/image,name=localhost\/pause:/);
    expect(output).toContain("compression=uncompressed,");
    expect(output).toContain("rewrite-timestamp=true");
    expect(readFileSync(join(standIn, "env"), "utf8")).toMatch(/^SOURCE_DATE_EPOCH=1767323045$/m);
  },
  SLOW,
);
