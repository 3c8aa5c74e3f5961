// What must hold for a commit to be a release.

import { join } from "node:path";

/** What git answers in a folder; undefined where it fails. */
function git(root: string, ...args: readonly string[]): string | undefined {
  const { success, stdout } = Bun.spawnSync(["git", "-C", root, ...args]);
  return success ? stdout.toString().trim() : undefined;
}

/** A version that is no beginning of another, nor a development one. https://semver.org */
const VERSION = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

/** Each reason that speaks against it, and what to do; none if it can be one. */
export async function whyNot(root: string, version: string): Promise<string[]> {
  const changes = git(root, "status", "--porcelain");
  if (changes === undefined) return ["this is no git work tree"];
  const reasons: string[] = [];
  if (changes !== "") {
    const [first] = changes.split("\n");
    reasons.push(`the work tree has changes (${first?.trim()}): commit or stash them`);
  }
  if (!VERSION.test(version)) reasons.push(`"${version}" in package.json is not a version`);
  if (git(root, "rev-parse", "--verify", "--quiet", `refs/tags/v${version}`) !== undefined) {
    reasons.push(`v${version} is tagged already: put the next version into package.json`);
  }
  const notes = await notesOf(root, version);
  if (notes === undefined) {
    reasons.push(`CHANGELOG.md has no "## [${version}] - YYYY-MM-DD": name the unreleased one so`);
  } else if (notes === "") {
    reasons.push(`CHANGELOG.md says nothing of ${version}`);
  }
  return reasons;
}

/** The same for what only a release does, and a dry run does not: to tag. */
export function whyNoTag(root: string, options: readonly string[]): string[] {
  const reasons: string[] = [];
  if (options.length > 0) {
    reasons.push(`"${options.join(" ")}" is nothing that it takes, without --dry-run`);
  }
  if (git(root, "var", "GIT_COMMITTER_IDENT") === undefined) {
    reasons.push("git does not know who tags: git config user.name, git config user.email");
  }
  return reasons;
}

/** The section of a version in the changelog; undefined where there is none that has a date. */
export async function notesOf(root: string, version: string): Promise<string | undefined> {
  const changelog = await Bun.file(join(root, "CHANGELOG.md")).text();
  const section = changelog
    .split(/^## /m)
    .find((text) => text.startsWith(`[${version}] - `) && /^\S+ - \d{4}-\d\d-\d\d\n/.test(text));
  return section?.slice(section.indexOf("\n")).trim();
}
