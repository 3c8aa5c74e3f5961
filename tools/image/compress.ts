// Compresses the layers of an image layout that a tool has written, smaller than the tools can.
// https://github.com/opencontainers/image-spec/blob/main/manifest.md
//
// The tools write zstd by a library in Go that knows no more than about level 11 of the C library,
// and 5 MB more. Bun has the C library, and one thread of it gives the same bytes on every machine:
// so the digests depend on Bun's locked version, and not on that of a tool.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import zlib from "node:zlib";

import { blobPath, type Descriptor, entry, type Image, images, readBlob } from "./layout.ts";

const {
  ZSTD_c_compressionLevel: level,
  ZSTD_c_windowLog: windowLog,
  ZSTD_c_chainLog: chainLog,
} = zlib.constants;

/**
 * How a layer can be compressed. The window is what a node has to hold while it unpacks: 32 MB,
 * where level 22 takes 128. Decoders in C refuse more than 128, that in Go, which containerd,
 * docker and podman have, more than 512. The chain is as long as the window lets it be; nothing
 * else of the higher levels saves a byte here.
 */
export const COMPRESSIONS = {
  zstd: async (tar: Uint8Array) =>
    await promisify(zlib.zstdCompress)(tar, {
      params: { [level]: 19, [windowLog]: 25, [chainLog]: 26 },
    }),
  gzip: async (tar: Uint8Array) => await promisify(zlib.gzip)(tar, { level: 9 }),
} as const;
export type Compression = keyof typeof COMPRESSIONS;

const TAR = "application/vnd.oci.image.layer.v1.tar";

/** By media type, how to read what a tool has written. */
const READERS: Readonly<Record<string, (blob: Buffer) => Promise<Buffer> | Buffer>> = {
  [TAR]: (blob) => blob,
  [`${TAR}+gzip`]: promisify(zlib.gunzip),
  [`${TAR}+zstd`]: promisify(zlib.zstdDecompress),
};

/**
 * Compresses every layer anew, all at once, each by a thread of its own; with that, manifests and
 * index get other digests. The configurations, which name what is in the layers, stay.
 * @param layout its index.json still leads to what was there
 * @returns what index.json has to lead to
 * @throws {Error} if a layer is not what its configuration names
 */
export async function compressLayers(
  layout: string,
  compression: Compression,
): Promise<Descriptor> {
  const top = entry(layout);
  const manifests = await Promise.all(
    images(layout).map((image) => compressImage(layout, image, compression)),
  );
  const [first] = manifests;
  // docker buildx makes no index for one image.
  if (first !== undefined && top.mediaType === first.mediaType) return first;
  return replaceJson(layout, top, { ...readBlob(layout, top.digest), manifests });
}

/** @returns what an index has to say of the image */
async function compressImage(
  layout: string,
  { manifest, config, layers }: Image,
  compression: Compression,
): Promise<Descriptor> {
  const { rootfs } = readBlob(layout, config.digest);
  const compressed = layers.map(async (layer, index) => {
    const blob = readFileSync(blobPath(layout, layer.digest));
    const tar = await READERS[layer.mediaType]?.(blob);
    if (tar === undefined || digestOf(tar) !== rootfs.diff_ids[index]) {
      throw new Error(
        `Cannot compress the layer ${layer.digest} (${layer.mediaType}): it is not what its image's configuration names`,
      );
    }
    const now = { ...layer, mediaType: `${TAR}+${compression}` };
    return replace(layout, now, await COMPRESSIONS[compression](tar));
  });
  const content = readBlob(layout, manifest.digest);
  return replaceJson(layout, manifest, { ...content, layers: await Promise.all(compressed) });
}

function replaceJson(layout: string, old: Descriptor, content: object): Descriptor {
  return replace(layout, old, Buffer.from(JSON.stringify(content)));
}

/** Puts a blob in place of another, and returns what says the same of it as was said of that. */
function replace(layout: string, old: Descriptor, blob: Uint8Array): Descriptor {
  const digest = digestOf(blob);
  rmSync(blobPath(layout, old.digest));
  writeFileSync(blobPath(layout, digest), blob);
  return { ...old, digest, size: blob.length };
}

function digestOf(blob: Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher("sha256").update(blob).digest("hex")}`;
}
