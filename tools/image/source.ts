// Which commit is built, and the one point of time that everything in the image gets.

import { realpathSync } from "node:fs";

import packageJson from "../../package.json" with { type: "json" };

/** What an image says of where it comes from. */
export interface Source {
  /** The commit, with "-dirty" after it where the work tree differs; undefined without git. */
  readonly revision: string | undefined;
  /** In seconds since 1970. https://reproducible-builds.org/specs/source-date-epoch/ */
  readonly epoch: number;
  /** Both, for a person. */
  readonly words: string;
}

/**
 * @param root of the work tree
 * @param variable SOURCE_DATE_EPOCH
 * @throws {RangeError} if the variable is not a number of seconds
 */
export function readSource(root: string, variable: string | undefined): Source {
  if (variable !== undefined && !/^\d{1,11}$/.test(variable))
    throw new RangeError(`Cannot use SOURCE_DATE_EPOCH "${variable}": not a number of seconds`);
  const git = (...args: readonly string[]) => gitIn(root, args);
  // A repository around a copy of the sources says nothing of them.
  const top = git("rev-parse", "--show-toplevel");
  const commit = top.answer === realpathSync(root) ? git("rev-parse", "HEAD") : top;
  const [revision, about] =
    commit === top || commit.answer === undefined
      ? [undefined, `No revision (${commit.complaint ?? "no git work tree"})`]
      : git("status", "--porcelain").answer === ""
        ? [commit.answer, `Commit ${commit.answer}`]
        : [`${commit.answer}-dirty`, `Commit ${commit.answer}, with changes`];
  const [epoch, from] =
    variable !== undefined
      ? [Number(variable), "SOURCE_DATE_EPOCH"]
      : revision !== undefined
        ? [Number(git("log", "-1", "--format=%ct").answer), "the commit's"]
        : [0, "as no commit has one"];
  return { revision, epoch, words: `${about}\nTime ${isoTime(epoch)} (${from})` };
}

/** What git answers in a folder, or the first line of its complaint. */
function gitIn(
  root: string,
  args: readonly string[],
): { readonly answer?: string; readonly complaint?: string } {
  if (Bun.which("git") === null) return { complaint: "git is not installed" };
  const { success, stdout, stderr } = Bun.spawnSync(["git", "-C", root, ...args]);
  if (success) return { answer: stdout.toString().trim() };
  return { complaint: stderr.toString().split("\n")[0] ?? "" };
}

/**
 * What the image says of itself. No label for a base, as it has none.
 * https://specs.opencontainers.org/image-spec/annotations/
 */
export function labels({ revision, epoch }: Source): Record<string, string> {
  const { name, description, version, license } = packageJson;
  const { repository } = packageJson as { repository?: string | { url: string } };
  const url = typeof repository === "object" ? repository.url : repository;
  const said = {
    title: name,
    description,
    version,
    revision,
    licenses: license,
    created: isoTime(epoch),
    source: process.env["IMAGE_SOURCE"] ?? url,
  };
  return Object.fromEntries(
    Object.entries(said)
      .filter(([, value]) => value !== undefined && value !== "")
      .map(([key, value]) => [`org.opencontainers.image.${key}`, value as string]),
  );
}

/** As in RFC 3339, which is what OCI and CycloneDX want. */
function isoTime(epoch: number): string {
  return new Date(epoch * 1000).toISOString().replace(".000Z", "Z");
}
