// Reads the OCI image layout that a tool has written, gives it its names, and packs archives of it.
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md
//
// The archives are packed here, as none of the tools writes one twice as the same bytes: theirs
// carry the time and the user of the build.

import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What points to a blob. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An image for one platform. */
export interface Image {
  /** amd64 or arm64. */
  readonly platform: string;
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** Where a blob of a layout is. */
export function blobPath(layout: string, digest: string): string {
  return join(layout, "blobs", digest.replace(":", "/"));
}

/** What a blob says that is JSON: an index, a manifest, a configuration. */
export function readBlob(layout: string, digest: string) {
  return JSON.parse(readFileSync(blobPath(layout, digest), "utf8"));
}

/** The one descriptor in a layout's index.json: of an index, or of a manifest. */
export function entry(layout: string): Descriptor {
  const { manifests } = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
  if (manifests.length !== 1)
    throw new Error(`Cannot use "${layout}": it has ${manifests.length} images, not 1`);
  return manifests[0];
}

/** The images of a layout, in the order of its index. */
export function images(layout: string): Image[] {
  const top = entry(layout);
  const isIndex = top.mediaType === "application/vnd.oci.image.index.v1+json";
  const manifests: Descriptor[] = isIndex ? readBlob(layout, top.digest).manifests : [top];
  return manifests.map((manifest) => {
    const { config, layers } = readBlob(layout, manifest.digest);
    const { architecture: platform } = readBlob(layout, config.digest);
    return { platform, manifest, config, layers };
  });
}

/**
 * Writes a layout's index.json, with the names by which containerd (the whole one), skopeo and
 * podman find the image.
 */
export function writeIndex(
  layout: string,
  { mediaType, digest, size }: Descriptor,
  name: string,
  reference: string,
): void {
  const annotations = {
    "io.containerd.image.name": name,
    "org.opencontainers.image.ref.name": reference,
  };
  const manifests = [{ mediaType, digest, size, annotations }];
  writeFileSync(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
}

/**
 * Packs one image of a layout as an archive: the same bytes for the same image.
 * @param scratch a folder to prepare it in
 * @throws {Error} if tar fails
 */
export function pack(
  layout: string,
  image: Image,
  file: string,
  { name, epoch, scratch }: { name: string; epoch: number; scratch: string },
): void {
  const directory = join(scratch, "archive");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(directory, "blobs/sha256"), { recursive: true });
  for (const { digest } of [image.manifest, image.config, ...image.layers])
    linkSync(blobPath(layout, digest), blobPath(directory, digest));
  writeFileSync(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  writeIndex(directory, image.manifest, name, name);

  const fixed = ["--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX"];
  const order = ["--sort=name", "--format=gnu", `--mtime=@${epoch}`];
  const what = [`--directory=${directory}`, "blobs", "index.json", "oci-layout"];
  const tar = Bun.spawnSync(["tar", "--create", `--file=${file}`, ...order, ...fixed, ...what]);
  if (!tar.success) throw new Error(`Cannot pack "${file}" by GNU tar: ${tar.stderr}`);
  rmSync(directory, { recursive: true });
}
