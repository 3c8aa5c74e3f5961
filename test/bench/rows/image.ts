// Row 7: what a node downloads, and what it keeps.

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";

import { compress, HIGHEST } from "../../../tools/image/compress.ts";
import type { Bench } from "../bench.ts";

const layout = join(import.meta.dirname, "../../../dist/image");

const MEGABYTE = 1e6;

/** Measures images: the one that was built, if it was; else its files, packed as a layer would be. */
export async function measureImage({
  contestants,
  samples,
  quick,
  progress,
  note,
}: Bench): Promise<void> {
  progress("the size of the image");
  const pulled = existsSync(join(layout, "index.json")) ? await layersOf(layout) : undefined;
  for (const { name, root, image } of contestants) {
    if (image === undefined) continue;
    const kept = image.reduce((sum, file) => sum + statSync(join(root, file)).size, 0);
    samples.add("kept", name, kept / MEGABYTE);
    if (name === "pause" && pulled !== undefined) {
      samples.add("pulled", name, pulled / MEGABYTE);
      continue;
    }
    if (name === "pause") {
      const instead = quick ? "what is pulled left out" : "its files packed as its layer is";
      note(`Row 7: no dist/image (npm run image), so ${instead}`);
      if (quick) continue;
    }
    const files = image.map((file) => file.slice(1));
    const tar = Bun.spawn(["tar", "-cC", root, ...files], { stdio: ["ignore", "pipe", "inherit"] });
    const zstd = { format: "zstd", level: HIGHEST.zstd } as const;
    const layer = await compress(await tar.stdout.bytes(), zstd);
    samples.add("pulled", name, layer.length / MEGABYTE);
  }
}

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
  readonly platform?: { readonly architecture: string };
}

/**
 * The bytes of an image's manifest, configuration and layers, for this machine's architecture.
 * image-layout.md, image-index.md and manifest.md of the OCI image specification
 * @param directory an OCI image layout
 */
export async function layersOf(directory: string): Promise<number> {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const read = async (file: string) => await Bun.file(join(directory, file)).json();
  const blob = ({ digest }: Descriptor) => read(join("blobs", digest.replace(":", "/")));
  let index = (await read("index.json")) as { manifests: Descriptor[] };
  for (;;) {
    const manifest =
      index.manifests.find(({ platform }) => platform?.architecture === architecture) ??
      index.manifests[0];
    if (manifest === undefined) throw new Error(`Cannot find a manifest in ${directory}`);
    if (manifest.mediaType.includes("index")) {
      index = (await blob(manifest)) as typeof index;
      continue;
    }
    const { config, layers } = (await blob(manifest)) as {
      config: Descriptor;
      layers: Descriptor[];
    };
    return layers.reduce((sum, { size }) => sum + size, manifest.size + config.size);
  }
}
