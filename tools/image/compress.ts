// Compresses the layers of an image layout that a tool has written, smaller than the tools can.
// https://github.com/opencontainers/image-spec/blob/main/manifest.md
//
// The tools write zstd by a library in Go that knows no more than about level 11 of the C library,
// and 5 MB more. Bun has the C library, and one thread of it gives the same bytes on every machine:
// so the digests depend on Bun's locked version, and not on that of a tool.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import zlib from "node:zlib";

import { blobPath, type Descriptor, entry, type Image, images, readBlob } from "./layout.ts";

export type Format = "zstd" | "gzip";

/** Of each, the level that no higher one improves on. */
export const HIGHEST = { zstd: 19, gzip: 9 } as const satisfies Record<Format, number>;

export interface Compression {
  readonly format: Format;
  readonly level: number;
}

const { ZSTD_c_compressionLevel, ZSTD_c_windowLog, ZSTD_c_chainLog } = zlib.constants;

/**
 * What a node has to hold while it unpacks: 32 MB, where zstd's level 22 takes 128. Decoders in C
 * refuse more than 128, that in Go, which containerd, docker, podman and CRI-O have, more than 512.
 */
const WINDOW_LOG = 25;

/** In bytes: how much is compressed between two signs of progress. */
const SLICE = 1 << 20;

/**
 * Compresses: the same bytes for the same input, format and level.
 * @param progress is told how many bytes more have been taken in
 */
export async function compress(
  input: Uint8Array,
  { format, level }: Compression,
  progress: (bytes: number) => void = () => {},
): Promise<Buffer> {
  async function* slices() {
    for (let at = 0; at < input.length; at += SLICE) {
      const slice = input.subarray(at, at + SLICE);
      yield slice;
      progress(slice.length);
    }
  }
  const params = {
    [ZSTD_c_compressionLevel]: level,
    [ZSTD_c_windowLog]: WINDOW_LOG,
    // It reaches through the window, as at level 22: 0.3 MB less. The rest of 22 gains nothing here.
    [ZSTD_c_chainLog]: WINDOW_LOG + 1,
  };
  const compressor =
    format === "zstd"
      ? zlib.createZstdCompress({ params, pledgedSrcSize: input.length })
      : zlib.createGzip({ level });
  return await pipeline(slices, compressor, buffer);
}

const TAR = "application/vnd.oci.image.layer.v1.tar";

/** How to read a layer that a tool has written, by its media type. */
const READERS: Readonly<Record<string, (blob: Buffer) => Promise<Buffer> | Buffer>> = {
  [TAR]: (blob) => blob,
  [`${TAR}+gzip`]: promisify(zlib.gunzip),
  [`${TAR}+zstd`]: promisify(zlib.zstdDecompress),
};

/** The files of a layer, as a tar. */
export async function readLayer(layout: string, layer: Descriptor): Promise<Buffer> {
  const read = READERS[layer.mediaType];
  if (read === undefined) throw new Error(`Cannot read a layer of type "${layer.mediaType}"`);
  return await read(readFileSync(blobPath(layout, layer.digest)));
}

/**
 * Compresses every layer anew, all at once, each by a thread of its own; so manifests and index
 * become others. Configurations get a history of one line for each layer: without one buildah
 * builds nothing on the image, and its own holds a hash of the files' times.
 * @param layout its index.json leads to what was there
 * @param progress is told how much of all has been done, from 0 to 1
 * @returns what its index.json has to lead to from now on
 * @throws {Error} if a layer is not what its configuration names
 */
export async function compressLayers(
  layout: string,
  compression: Compression,
  progress: (share: number) => void = () => {},
): Promise<Descriptor> {
  let [all, taken] = [0, 0];
  const compressLayer = async (layer: Descriptor | undefined, content: string) => {
    if (layer === undefined) throw new Error(`Cannot find the layer with ${content}`);
    const tar = await readLayer(layout, layer);
    if (digestOf(tar) !== content)
      throw new Error(`Cannot compress the layer ${layer.digest}: in it is not ${content}`);
    all += tar.length;
    const blob = await compress(tar, compression, (bytes) => progress((taken += bytes) / all));
    // Without annotations: what a tool says there (zstd:chunked) is of its own blob.
    const { digest, size } = layer;
    return replace(layout, { mediaType: `${TAR}+${compression.format}`, digest, size }, blob);
  };
  const compressImage = async ({ manifest, config, layers }: Image): Promise<Descriptor> => {
    const about = readBlob(layout, config.digest);
    const contents: readonly string[] = about.rootfs.diff_ids;
    const compressed = contents.map((content, index) => compressLayer(layers[index], content));
    const line = { created: about.created, created_by: "npm run image" };
    const said = {
      ...readBlob(layout, manifest.digest),
      config: replace(layout, config, { ...about, history: contents.map(() => line) }),
      layers: await Promise.all(compressed),
    };
    return replace(layout, manifest, said);
  };

  const top = entry(layout);
  const manifests = await Promise.all(images(layout).map(compressImage));
  // docker buildx makes no index over one image.
  const [first] = manifests;
  if (first !== undefined && top.mediaType === first.mediaType) return first;
  return replace(layout, top, { ...readBlob(layout, top.digest), manifests });
}

/** Puts a blob in place of another, and returns what says of it what was said of that. */
function replace(layout: string, old: Descriptor, now: Buffer | object): Descriptor {
  const blob = Buffer.isBuffer(now) ? now : Buffer.from(JSON.stringify(now));
  const digest = digestOf(blob);
  rmSync(blobPath(layout, old.digest));
  writeFileSync(blobPath(layout, digest), blob);
  return { ...old, digest, size: blob.length };
}

function digestOf(blob: Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher("sha256").update(blob).digest("hex")}`;
}
