// npm run image: builds the sandbox image, and with it everything that a release consists of.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";

import { build, rootfs } from "../build.ts";
import packageJson from "../package.json" with { type: "json" };
import { ARCHITECTURES, type Architecture, HOST } from "./architectures.ts";
import { chooseBuilder } from "./image/builders.ts";
import { type Compression, compressLayers, HIGHEST } from "./image/compress.ts";
import { type Descriptor, entry, images, pack, writeIndex } from "./image/layout.ts";
import { sbom } from "./image/sbom.ts";
import { labels, readSource, type Source } from "./image/source.ts";
import { writeSums } from "./image/sums.ts";
import { installRuntime } from "./install-runtime.ts";

const { version } = packageJson;
const NAME = "localhost/pause";
const PLATFORMS = Object.values(ARCHITECTURES).map(({ platform }) => platform);
const FORMATS = Object.keys(HIGHEST) as (keyof typeof HIGHEST)[];

const USAGE = `Usage: npm run image -- [OPTION]...

Builds the sandbox image with buildah, podman or docker buildx, and writes

  dist/image/                      an OCI image layout: an index over all
  dist/pause-VERSION-linux-ARCH.*  for each, an archive (.oci.tar) and a bill
                                   of materials (.cdx.json, CycloneDX)
  dist/SHA256SUMS                  the checksums of all these, and of what is in
                                   the images, by dist/rootfs-ARCH

  --arch=${PLATFORMS.join("|")}        build only this one; may be repeated
  --compression=${FORMATS.join("|")}   of the layers (default: zstd); gzip is bigger, and for
                            containerd before 1.5 and docker before 23
  --level=N                 of compression; the default is the highest there is,
                            ${FORMATS.map((format) => `${HIGHEST[format]} of ${format}`).join(" and ")}: the first takes a minute or two
  -h, --help                print this and exit

SOURCE_DATE_EPOCH is the time of everything in the image; otherwise it is the
commit's date, or 0 without git. IMAGE_SOURCE is the URL of the sources for
the image's labels; otherwise it is the repository in package.json, if any.
`;

/** What was asked for. */
interface Request {
  readonly help: boolean;
  readonly architectures: readonly Architecture[];
  readonly compression: Compression;
  readonly source: Source;
}

/** @throws {Error} if there is an option or a value that it does not know */
function readRequest(args: readonly string[]): Request {
  const { values } = parseArgs({
    args: [...args],
    options: {
      arch: { type: "string", multiple: true },
      compression: { type: "string", default: "zstd" },
      level: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const format = oneOf("--compression", values.compression, FORMATS);
  const wanted = values.arch?.map((value) => oneOf("--arch", value, PLATFORMS)) ?? PLATFORMS;
  return {
    help: values.help,
    architectures: (Object.keys(ARCHITECTURES) as Architecture[]).filter((arch) =>
      wanted.includes(ARCHITECTURES[arch].platform),
    ),
    compression: { format, level: readLevel(values.level, HIGHEST[format]) },
    source: readSource(root, process.env["SOURCE_DATE_EPOCH"]),
  };
}

function oneOf<T extends string>(option: string, value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  throw new Error(`Unknown value "${value}" for ${option}: it takes ${known.join(" or ")}`);
}

function readLevel(value: string | undefined, highest: number): number {
  if (value === undefined) return highest;
  if (/^[1-9]\d?$/.test(value) && Number(value) <= highest) return Number(value);
  throw new Error(`Unknown value "${value}" for --level: it takes 1 to ${highest}`);
}

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const say = (line: string) => void process.stderr.write(`${line}\n`);

/** Builds everything, saying what it does. */
async function main({ architectures, compression, source }: Request): Promise<void> {
  const builder = chooseBuilder();
  const layout = join(dist, "image");
  const scratch = join(dist, ".image");
  say(source.words);

  // Nothing of an earlier build may look as if it belonged to this one.
  const artefacts = new Bun.Glob("{SHA256SUMS,pause-*.oci.tar,pause-*.cdx.json}");
  mkdirSync(dist, { recursive: true });
  for (const name of [...artefacts.scanSync(dist), "image", ".image"]) remove(join(dist, name));
  try {
    mkdirSync(scratch);
    for (const arch of architectures) {
      await installRuntime(arch);
      await build(arch);
    }
    say(`Building the image with ${builder.name} ...`);
    await builder.build({
      root,
      scratch: "dist/.image",
      layout: "dist/image",
      name: NAME,
      version,
      platforms: architectures.map((arch) => ARCHITECTURES[arch].platform),
      labels: labels(source),
      epoch: source.epoch,
      say: (line) => say(`  ${line}`),
    });
    writeIndex(layout, await compressed(layout, compression), `${NAME}:${version}`, version);
    for (const arch of architectures) await release(arch, source.epoch, scratch);
  } finally {
    remove(scratch);
  }
  say(`dist/image, the index over all:\n  ${entry(layout).digest}`);
  const folders = ["image", ...architectures.map((arch) => basename(rootfs(arch)))];
  const parts = folders.flatMap((folder) => [...new Bun.Glob(`${folder}/**`).scanSync(dist)]);
  if (architectures.includes(HOST)) parts.push("pause");
  await writeSums(dist, [...artefacts.scanSync(dist), ...parts]);
  say("Checksums of all are in dist/SHA256SUMS");
}

/** Compresses the layers, on a terminal saying how far it is. */
async function compressed(layout: string, compression: Compression): Promise<Descriptor> {
  const what = `Compressing all layers by ${compression.format}, level ${compression.level} ...`;
  if (!process.stderr.isTTY) {
    say(what);
    return await compressLayers(layout, compression);
  }
  const show = (share: number) =>
    void process.stderr.write(`\r${what} ${Math.floor(100 * share)} %`);
  show(0);
  const descriptor = await compressLayers(layout, compression, show);
  say("");
  return descriptor;
}

/** Removes a folder or file, if there is one; some of a tool's not even their owner may write to. */
function remove(path: string): void {
  Bun.spawnSync(["chmod", "-R", "u+w", path], { stdio: ["ignore", "ignore", "ignore"] });
  rmSync(path, { recursive: true, force: true });
}

/** Writes the archive and the bill of materials of one architecture. */
async function release(arch: Architecture, epoch: number, scratch: string): Promise<void> {
  const { platform } = ARCHITECTURES[arch];
  const layout = join(dist, "image");
  const image = images(layout).find((image) => image.platform === platform);
  if (image === undefined) throw new Error(`Cannot find the image for ${platform} in "${layout}"`);
  const { digest } = image.manifest;
  const name = `pause-${version}-linux-${platform}`;
  pack(layout, image, join(dist, `${name}.oci.tar`), {
    name: `${NAME}:${version}`,
    epoch,
    scratch,
  });
  writeFileSync(join(dist, `${name}.cdx.json`), await sbom(rootfs(arch), { arch, digest, epoch }));
  const bytes = image.layers.reduce((sum, { size }) => sum + size, 0);
  say(`dist/${name}.oci.tar, ${(bytes / 1e6).toFixed(1)} MB:\n  ${digest}`);
}

try {
  const request = readRequest(process.argv.slice(2));
  if (request.help) process.stdout.write(USAGE);
  else
    await main(request).catch((failure: Error) => {
      const parts = failure instanceof AggregateError ? failure.errors : [failure.message];
      say(`Error: ${parts.join("\n")}`);
      process.exitCode = 1;
    });
} catch (failure) {
  say(`Error: ${(failure as Error).message.split(". ")[0]}; see npm run image -- --help`);
  process.exitCode = 2;
}
