// npm run release: checks that this commit can be a release, makes all that it consists of, tags it.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { rootfs } from "../build.ts";
import packageJson from "../package.json" with { type: "json" };
import { ARCHITECTURES, type Architecture } from "./architectures.ts";
import { entry } from "./image/layout.ts";
import { readSource } from "./image/source.ts";
import { writeSums } from "./image/sums.ts";
import { notesOf, whyNot, whyNoTag } from "./release/checks.ts";

const USAGE = `Usage: npm run release [-- --dry-run [OPTION of npm run image]...]

Checks that the work tree is clean, that CHANGELOG.md has a section for the
version in package.json, and that this is not tagged yet. Then makes, in dist/,

  image/, pause-VERSION-linux-ARCH.oci.tar, .cdx.json   as npm run image does
  pause-VERSION-linux-ARCH.tar.gz    the executable, its manual and completions
  pause-VERSION-notes.md             the section of CHANGELOG.md
  SHA256SUMS                         the checksums of all these

and tags the commit. Nothing is pushed.

  --dry-run     do all this but tag
  -h, --help    print this and exit
`;

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const { version } = packageJson;
const tag = `v${version}`;
const say = (line: string) => void process.stderr.write(`${line}\n`);

/** What goes beside the executable, and where it comes from. */
const BESIDE = ["LICENSE", "docs/pause.1", "docs/completions"];

/**
 * Packs an executable with what belongs to it: the same bytes for the same commit.
 * @throws {Error} if tar fails
 */
async function pack(arch: Architecture, epoch: number): Promise<void> {
  const name = `pause-${version}-linux-${ARCHITECTURES[arch].platform}`;
  const folder = join(dist, ".release", name);
  mkdirSync(folder, { recursive: true });
  try {
    await run(["cp", join(rootfs(arch), "pause"), folder]);
    for (const path of BESIDE) await run(["cp", "-r", join(root, path), folder]);
    const fixed = ["--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX"];
    const order = ["--sort=name", "--format=gnu", `--mtime=@${epoch}`];
    const target = ["--use-compress-program=gzip -n", `--file=${dist}/${name}.tar.gz`];
    await run(["tar", "--create", ...target, ...order, ...fixed, `--directory=${folder}/..`, name]);
  } finally {
    rmSync(join(dist, ".release"), { recursive: true });
  }
}

/** @throws {Error} if it fails, which it has said why */
async function run(command: readonly string[], name = command[0]): Promise<void> {
  const child = Bun.spawn([...command], { cwd: root, stdio: ["ignore", 2, 2] });
  if ((await child.exited) !== 0) throw new Error(`Cannot release: ${name} failed, see above`);
}

/** @throws {Error} for each reason against a release, and if a part of it cannot be made */
async function release(dryRun: boolean, imageOptions: readonly string[]): Promise<void> {
  const reasons = await whyNot(root, version);
  if (!dryRun) reasons.push(...whyNoTag(root, imageOptions));
  if (reasons.length > 0) throw new Error(`Cannot release ${tag}:\n- ${reasons.join("\n- ")}`);

  const own = new Bun.Glob("{pause-*.tar.gz,pause-*-notes.md}");
  mkdirSync(dist, { recursive: true });
  for (const name of own.scanSync(dist)) rmSync(join(dist, name));
  await run([process.execPath, "tools/image.ts", ...imageOptions], "npm run image");

  const images = [...new Bun.Glob("pause-*.oci.tar").scanSync(dist)];
  const { epoch } = readSource(root, process.env["SOURCE_DATE_EPOCH"]);
  for (const arch of Object.keys(ARCHITECTURES) as Architecture[]) {
    const built = images.some((name) => name.includes(`-${ARCHITECTURES[arch].platform}.`));
    if (!built) continue;
    say(`Packing the executable for ${ARCHITECTURES[arch].platform} ...`);
    await pack(arch, epoch);
  }
  const notes = `${await notesOf(root, version)}\n`;
  writeFileSync(join(dist, `pause-${version}-notes.md`), notes);
  const names = ["image/**", "pause-*"].flatMap((glob) => [...new Bun.Glob(glob).scanSync(dist)]);
  await writeSums(dist, names);

  say(`\n${tag}, in dist/:`);
  for (const name of names.filter((name) => !name.startsWith("image/")).toSorted()) {
    const kilobytes = Math.ceil(Bun.file(join(dist, name)).size / 1000);
    say(`${kilobytes.toLocaleString("en").padStart(9)} kB  ${name}`);
  }
  say(
    `  image/, whose index is\n    ${entry(join(dist, "image")).digest}\n  SHA256SUMS over all\n`,
  );
  if (dryRun) return say(`A dry run: ${tag} is not made`);

  const message = `--message=${packageJson.name} ${tag}\n\n${notes}`;
  await run(["git", "tag", "--annotate", "--cleanup=verbatim", message, tag]);
  say(`${tag} is made, here only. What is left to do:
  git push origin ${tag}
  skopeo copy --all oci:dist/image:${version} docker://REGISTRY/pause:${version}
and to publish the files in dist/ with the notes.`);
}

const { values, tokens } = parseArgs({
  args: process.argv.slice(2),
  options: { "dry-run": { type: "boolean" }, help: { type: "boolean", short: "h" } },
  strict: false,
  tokens: true,
});
const others = tokens.flatMap((token) => {
  const own = token.kind === "option" && (token.name === "dry-run" || token.name === "help");
  return own ? [] : (process.argv.slice(2)[token.index] ?? []);
});
// Without the "--" in front, npm takes it for an option of its own, and says so here only.
const dryRun = values["dry-run"] === true || process.env["npm_config_dry_run"] === "true";
if (values["help"]) process.stdout.write(USAGE);
else {
  await release(dryRun, others).catch((failure: Error) => {
    say(`Error: ${failure.message}`);
    process.exitCode = 1;
  });
}
