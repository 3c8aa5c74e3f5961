// npm run release: refuses what is no release, makes all of what is one, and tags it only when told.

import { expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import packageJson from "../../package.json" with { type: "json" };
import { ARCHITECTURES, HOST } from "../../tools/architectures.ts";
import { notesOf, whyNot } from "../../tools/release/checks.ts";
import { Clone, shell } from "../support/clone.ts";
import { needing } from "../support/needs.ts";

const { version } = packageJson;
const { platform } = ARCHITECTURES[HOST];

needing("git")("each reason against a release is told, and none is made up", async () => {
  using clone = new Clone();
  const { directory } = clone;
  expect(await whyNot(directory, version)).toEqual([]);
  const [tagged, section, next] = [`v${version}`, `[${version}] - `, "9.9.9"];
  shell(directory, `git tag ${tagged}; touch new`);
  expect(await whyNot(directory, version)).toEqual([
    "the work tree has changes (?? new): commit or stash them",
    `${tagged} is tagged already: put the next version into package.json`,
  ]);
  shell(directory, "rm new");
  expect(await whyNot(directory, next)).toEqual([
    `CHANGELOG.md has no "## [${next}] - YYYY-MM-DD": name the unreleased one so`,
  ]);
  expect(await whyNot(directory, "next")).toContain('"next" in package.json is not a version');
  const changelog = join(directory, "CHANGELOG.md");
  const text = readFileSync(changelog, "utf8");
  const empty = `## ${section.replace(version, next)}2026-01-02\n\n## `;
  writeFileSync(changelog, text.replace("## ", empty));
  expect(await whyNot(directory, next)).toContain(`CHANGELOG.md says nothing of ${next}`);
  expect(await whyNot("/", version)).toEqual(["this is no git work tree"]);
});

needing("git")("without a dry run, what would keep it from tagging is told at once", () => {
  using clone = new Clone();
  const { directory } = clone;
  shell(directory, "git config user.useConfigOnly true; git config --unset-all user.email || :");
  writeFileSync(join(directory, "new"), "");
  const release = (env: NodeJS.ProcessEnv, ...args: readonly string[]) =>
    Bun.spawnSync([process.execPath, "tools/release.ts", ...args], {
      cwd: directory,
      env: { PATH: process.env["PATH"], HOME: "/nonexistent", ...env },
    }).stderr.toString();
  const changes = "- the work tree has changes (?? new): commit or stash them\n";
  const told = (...reasons: readonly string[]) =>
    `Error: Cannot release v${version}:\n${changes}${reasons.join("")}`;
  expect(release({}, "--dryrun")).toBe(
    told(
      '- "--dryrun" is nothing that it takes, without --dry-run\n',
      "- git does not know who tags: git config user.name, git config user.email\n",
    ),
  );
  // As of "npm run release --dry-run", without the "--".
  expect(release({ npm_config_dry_run: "true" })).toBe(told());
});

needing("git", "buildah")(
  "a dry run makes all there is but the tag, and what has changes is refused before that",
  async () => {
    using clone = new Clone();
    const { directory } = clone;
    const release = (...args: readonly string[]) =>
      Bun.spawnSync([process.execPath, "tools/release.ts", "--dry-run", ...args], {
        cwd: directory,
      });
    writeFileSync(join(directory, "new"), "");
    const refused = release();
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr.toString()).toBe(
      `Error: Cannot release v${version}:\n- the work tree has changes (?? new): commit or stash them\n`,
    );
    shell(directory, "rm new");

    const { exitCode, stderr } = release(`--arch=${platform}`, "--level=1");
    expect({ exitCode, stderr: stderr.toString() }).toMatchObject({ exitCode: 0 });
    expect(stderr.toString()).toEndWith(`A dry run: v${version} is not made\n`);
    expect(shell(directory, "git tag; git status --porcelain")).toBe("");
    const dist = join(directory, "dist");
    const sums = shell(dist, "sha256sum --check --strict SHA256SUMS");
    const name = `pause-${version}-linux-${platform}`;
    const files = [`${name}.oci.tar`, `${name}.cdx.json`, `${name}.tar.gz`];
    for (const file of [...files, `pause-${version}-notes.md`])
      expect(sums).toContain(`${file}: OK`);
    expect(await Bun.file(join(dist, `pause-${version}-notes.md`)).text()).toBe(
      `${await notesOf(directory, version)}\n`,
    );
    expect(shell(dist, `tar -xf ${name}.tar.gz && ls ${name} && ${name}/pause -v`)).toBe(
      `LICENSE\ncompletions\npause\npause.1\npause.ts v${version}\n`,
    );
  },
  600_000,
);
