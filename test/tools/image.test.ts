// What npm run image writes: the same bytes wherever and whenever, all of it, and no more than that.

import { afterAll, expect } from "bun:test";
import Ajv from "ajv";
import addFormats from "ajv-formats";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync, zstdDecompressSync } from "node:zlib";

import packageJson from "../../package.json" with { type: "json" };
import { ARCHITECTURES, HOST } from "../../tools/architectures.ts";
import { compressLayers, readLayer } from "../../tools/image/compress.ts";
import { blobPath, entry, type Image, images, writeIndex } from "../../tools/image/layout.ts";
import { readSource } from "../../tools/image/source.ts";
import { Clone, shell } from "../support/clone.ts";
import { FOREIGN, needing } from "../support/needs.ts";

const { version } = packageJson;
const [host, foreign] = [ARCHITECTURES[HOST].platform, ARCHITECTURES[FOREIGN].platform];
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));

let first: Clone | undefined;
afterAll(() => first?.[Symbol.dispose]());

/** A hundredth of the time that the default level takes. */
const QUICK = "--level=1";

/** Both architectures, built once for all tests. */
function built(): Clone {
  if (first === undefined) {
    first = new Clone();
    first.image([QUICK]);
  }
  return first;
}

/** All that an index leads to, of one image. */
const parts = ({ manifest, config, layers }: Image) => [manifest, config, ...layers];

/** What is in a layer of the image built quickly. */
const readQuick = (digest: string) =>
  zstdDecompressSync(readFileSync(blobPath(built().layout, digest)));

/** Time for building two images, on a slow day. In milliseconds. */
const SLOW = 600_000;
const needs = needing("buildah", "git", "foreign libraries");
const it = (title: string, body: () => void | Promise<void>) => needs(title, body, SLOW);

it("the same commit gives the same bytes in another folder, under another umask, zone and date", () => {
  using other = new Clone("somewhere else/with a longer name", built().directory);
  shell(other.directory, "find . -type f -exec touch -d 2001-02-03 {} +; chmod -R go= .");
  other.image(
    [QUICK],
    { TZ: "Asia/Tokyo", LC_ALL: "C", HOME: join(other.directory, "dist") },
    "077",
  );
  expect(other.sums()).toBe(built().sums());
  expect(other.sums().split("\n").length).toBeGreaterThan(12);
});

it("what SHA256SUMS covers is everything, and right", () => {
  const dist = join(built().directory, "dist");
  const checked = shell(dist, "sha256sum --check --strict SHA256SUMS");
  const files = shell(dist, "find image pause* rootfs-* -type f");
  expect(checked.replaceAll(": OK", "").split("\n").sort()).toEqual(files.split("\n").sort());
});

it("by default a node pulls at most 35 MB, which takes it 32 MB to unpack", () => {
  using clone = new Clone("default", built().directory);
  clone.image([`--arch=${host}`]);
  const { layers } = clone.of(host);
  const pulled = parts(clone.of(host)).reduce((sum, { size }) => sum + size, 0);
  expect(pulled).toBeLessThanOrEqual(35_000_000);
  const [layer] = layers;
  expect(layer?.mediaType).toBe("application/vnd.oci.image.layer.v1.tar+zstd");
  // Of a frame of more than one segment, the window's size. RFC 8878, 3.1.1.1
  const frame = readFileSync(blobPath(clone.layout, layer?.digest ?? ""));
  expect(frame.readUInt32LE()).toBe(0xfd2fb528);
  expect(frame.readUInt8(4) & 0x20).toBe(0);
  expect(frame.readUInt8(5)).toBe((25 - 10) << 3);
  // At the level of the other tests it holds the same.
  const [quick] = built().of(host).layers;
  expect(zstdDecompressSync(frame).equals(readQuick(quick?.digest ?? ""))).toBeTrue();
});

it("every blob of the layout is what its name says, of the size that is said, and none is left over", () => {
  const { layout } = built();
  const all = [entry(layout), ...images(layout).flatMap(parts)];
  for (const { digest, size } of all) {
    const blob = readFileSync(blobPath(layout, digest));
    expect(blob.length).toBe(size);
    expect(`sha256:${new Bun.CryptoHasher("sha256").update(blob).digest("hex")}`).toBe(digest);
  }
  const names = readdirSync(join(layout, "blobs/sha256")).map((name) => `sha256:${name}`);
  expect(names.sort()).toEqual(all.map(({ digest }) => digest).sort());
});

needing(
  "buildah",
  "git",
  "foreign libraries",
  "skopeo",
)(
  "skopeo copies the whole layout, and none in which a byte differs (negative control)",
  () => {
    const dist = join(built().directory, "dist");
    const copy = (layout: string) =>
      shell(dist, `skopeo --insecure-policy copy -q --all oci:${layout}:${version} dir:copied`);
    copy("image");
    shell(dist, "cp -r image broken");
    const layer = blobPath(join(dist, "broken"), built().of(host).layers[0]?.digest ?? "");
    const blob = readFileSync(layer);
    blob[1000] = (blob[1000] ?? 0) ^ 1;
    writeFileSync(layer, blob);
    expect(() => copy("broken")).toThrow(/[Dd]igest/);
  },
  SLOW,
);

it("by gzip it is what every runtime takes, and a layer that is not its image's is refused", async () => {
  using clone = new Clone("gzip", built().directory);
  shell(clone.directory, `mkdir dist && cp -r ${built().layout} dist`);
  const gzip = { format: "gzip", level: 1 } as const;
  const top = await compressLayers(clone.layout, gzip);
  writeIndex(clone.layout, top, "localhost/pause", version);
  const [before, after] = [built().of(host).layers, clone.of(host).layers];
  expect(after.map(({ mediaType }) => mediaType)).toEqual([
    "application/vnd.oci.image.layer.v1.tar+gzip",
  ]);
  const digest = after[0]?.digest ?? "";
  const tar = gunzipSync(readFileSync(blobPath(clone.layout, digest)));
  expect(tar.equals(readQuick(before[0]?.digest ?? ""))).toBeTrue();

  tar[1000] = (tar[1000] ?? 0) ^ 1;
  writeFileSync(blobPath(clone.layout, digest), gzipSync(tar));
  const refused = await compressLayers(clone.layout, gzip).catch(String);
  expect(refused).toMatch(/^Error: Cannot compress the layer sha256:\w+: in it is not sha256:/);
});

it("another time gives another image, and --arch only one (negative control)", () => {
  using clone = new Clone("later", built().directory);
  const env = { SOURCE_DATE_EPOCH: "1234567890", IMAGE_SOURCE: "https://example.org/pause" };
  clone.image([QUICK, `--arch=${host}`], env);
  const { config, manifest } = clone.of(host);
  expect(manifest.digest).not.toBe(built().of(host).manifest.digest);
  const { created, config: said } = json(blobPath(clone.layout, config.digest));
  expect(created).toBe("2009-02-13T23:31:30Z");
  expect(said.Labels["org.opencontainers.image.source"]).toBe(env.IMAGE_SOURCE);
  expect(images(clone.layout)).toHaveLength(1);
});

it("a change that is not committed shows in the revision, and what is no work tree has none", () => {
  using clone = new Clone();
  const { directory } = clone;
  const commit = shell(directory, "git rev-parse HEAD").trim();
  expect(readSource(directory, undefined)).toMatchObject({ revision: commit, epoch: 1767323045 });
  writeFileSync(join(directory, "src/main.ts"), "");
  expect(readSource(directory, undefined).revision).toBe(`${commit}-dirty`);
  const below = readSource(join(directory, "src"), undefined);
  expect(below).toMatchObject({ revision: undefined, epoch: 0 });
  expect(readSource("/", undefined).words).toContain("not a git repository");
  expect(readSource(directory, "7").epoch).toBe(7);
  expect(() => readSource(directory, "yesterday")).toThrow(/"yesterday": not a number of seconds/);
});

it("each image says what it is, who runs it and what", () => {
  const clone = built();
  const commit = shell(clone.directory, "git rev-parse HEAD").trim();
  for (const platform of [host, foreign]) {
    const image = clone.of(platform);
    const { annotations } = json(blobPath(clone.layout, image.manifest.digest));
    const { architecture, os, created, config } = json(blobPath(clone.layout, image.config.digest));
    expect({ architecture, os, created }).toEqual({
      architecture: platform,
      os: "linux",
      created: "2026-01-02T03:04:05Z",
    });
    expect(config).toMatchObject({
      User: "65535:65535",
      WorkingDir: "/",
      Entrypoint: ["/pause"],
      StopSignal: "SIGTERM",
    });
    expect(config.Cmd).toBeUndefined();
    expect(config.Labels).toEqual({
      "org.opencontainers.image.title": packageJson.name,
      "org.opencontainers.image.description": packageJson.description,
      "org.opencontainers.image.version": version,
      "org.opencontainers.image.revision": commit,
      "org.opencontainers.image.licenses": packageJson.license,
      "org.opencontainers.image.created": created,
    });
    expect(annotations).toMatchObject(config.Labels);
  }
});

it("each image has what runs and nothing else, root's, 0755, of the commit's date", async () => {
  for (const platform of [host, foreign]) {
    const { layout, directory } = built();
    const { layers } = built().of(platform);
    expect(layers).toHaveLength(1);
    const tar = join(directory, "dist/layer.tar");
    for (const layer of layers) writeFileSync(tar, await readLayer(layout, layer));
    const list = shell("/", `tar --list --verbose --utc --full-time --file=${tar}`);
    const entries = list
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/\s+/));
    const paths = entries.map((entry) => entry[5]);
    const arch = platform === "amd64" ? "x64" : "arm64";
    const loader = { x64: "lib64/ld-linux-x86-64.so.2", arm64: "lib/ld-linux-aarch64.so.1" }[arch];
    const files = paths.filter((path) => !path?.endsWith("/"));
    expect(files).toHaveLength(6);
    expect(files).toContain("pause");
    expect(files).toContain(loader);
    for (const name of ["libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0"])
      expect(files.some((path) => path?.endsWith(`/${name}`))).toBeTrue();
    for (const [mode, owner, , date, time, path] of entries) {
      const kind = path?.endsWith("/") ? "d" : "-";
      expect({ path, mode, owner, at: `${date} ${time}` }).toEqual({
        path,
        mode: `${kind}rwxr-xr-x`,
        owner: "0/0",
        at: "2026-01-02 03:04:05",
      });
    }
  }
});

it("the index leads to both, and each archive holds the image of the index under its name", () => {
  const { layout, directory } = built();
  expect(
    images(layout)
      .map(({ platform }) => platform)
      .sort(),
  ).toEqual(["amd64", "arm64"]);
  expect(entry(layout).annotations).toEqual({
    "io.containerd.image.name": `localhost/pause:${version}`,
    "org.opencontainers.image.ref.name": version,
  });
  for (const platform of [host, foreign]) {
    const unpacked = join(directory, `dist/unpacked-${platform}`);
    mkdirSync(unpacked);
    shell(directory, `tar -xf dist/pause-${version}-linux-${platform}.oci.tar -C ${unpacked}`);
    expect(images(unpacked)).toEqual([
      {
        ...built().of(platform),
        manifest: expect.objectContaining({ digest: built().of(platform).manifest.digest }),
      },
    ]);
    const name = `localhost/pause:${version}`;
    expect(entry(unpacked).annotations?.["org.opencontainers.image.ref.name"]).toBe(name);
  }
});

it("the bill of materials is valid, and has versions, licences and hashes", () => {
  const folder = join(
    import.meta.dirname,
    "../../node_modules/@cyclonedx/cyclonedx-library/res/schema",
  );
  const schema = (name: string) => json(join(folder, `${name}.SNAPSHOT.schema.json`));
  const others = ["spdx", "jsf-0.82", "cryptography-defs"].map((name) => [
    `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`,
    schema(name),
  ]);
  const ajv = new Ajv({
    strict: false,
    schemas: Object.fromEntries(others),
    formats: { "iri-reference": true, "idn-email": true },
  });
  addFormats(ajv);
  const validate = ajv.compile(schema("bom-1.6"));
  for (const platform of [host, foreign]) {
    const bill = json(join(built().directory, `dist/pause-${version}-linux-${platform}.cdx.json`));
    validate(bill);
    expect(validate.errors).toBeNull();
    expect(validate({ ...bill, bomFormat: "another" })).toBeFalse();
    expect(bill.metadata.timestamp).toBe("2026-01-02T03:04:05.000Z");
    expect(bill.metadata.component.purl).toContain(
      encodeURIComponent(built().of(platform).manifest.digest),
    );
    for (const name of ["pause.ts", "bun", "zod", "glibc"]) {
      const component = bill.components.find(
        (component: { name: string }) => component.name === name,
      );
      expect(component).toMatchObject({
        version: expect.stringMatching(/^\d+\.\d+/),
        licenses: [{ license: { id: expect.any(String) } }],
        purl: expect.stringMatching(/^pkg:/),
      });
      expect(component.hashes.length).toBeGreaterThan(0);
    }
    const libraries = bill.components.find(
      ({ name }: { name: string }) => name === "glibc",
    ).components;
    expect(libraries).toHaveLength(5);
    for (const { name, hashes } of libraries) {
      const file = join(built().directory, `dist/rootfs-${platform}`, name);
      expect(shell("/", `sha256sum ${file}`)).toStartWith(hashes[0].content);
    }
  }
});
