// The bill of materials of one image: CycloneDX, as JSON. https://cyclonedx.org/specification/

import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import lock from "../../package-lock.json" with { type: "json" };
import packageJson from "../../package.json" with { type: "json" };
import { ARCHITECTURES, type Architecture } from "../architectures.ts";
import { lockEntry } from "../install-runtime.ts";
import { type RuntimeFile, runtimeFiles } from "../loader.ts";
import { lockedRuntime } from "../runtime.ts";
import { sha256File } from "./sums.ts";

const { ComponentType, HashAlgorithm } = Enums;
const [SHA256, SHA512] = [HashAlgorithm["SHA-256"], HashAlgorithm["SHA-512"]];

/** What is linked into Bun under a licence that asks something of who passes the binary on. */
const LINKED_INTO_BUN = [
  ["JavaScriptCore", "webkit", "oven-sh/WebKit", "LGPL-2.0-or-later"],
  ["TinyCC", "tinycc", "oven-sh/tinycc", "LGPL-2.1-or-later"],
] as const;

/**
 * The bill, the same text for the same image.
 * @param rootfs what the image consists of
 * @param image its architecture, its manifest's digest, its time
 */
export async function sbom(
  rootfs: string,
  { arch, digest, epoch }: { arch: Architecture; digest: string; epoch: number },
): Promise<string> {
  const { platform } = ARCHITECTURES[arch];
  // Found once more, among what is in the image alone: nothing is missing there.
  const files = runtimeFiles(join(rootfs, "pause"), arch, [rootfs]);
  const glibc = await glibcComponent(rootfs, files, platform);
  const { version, license, integrity } = lock.packages["node_modules/zod"];
  const zod = component(ComponentType.Library, "zod", version, {
    purl: `pkg:npm/zod@${version}`,
    license,
    hashes: [[SHA512, hex(integrity)]],
  });
  const bun = await bunComponent(arch);
  const pause = component(ComponentType.Application, packageJson.name, packageJson.version, {
    purl: `pkg:generic/${packageJson.name}@${packageJson.version}`,
    license: packageJson.license,
    hashes: [[SHA256, await sha256File(join(rootfs, "pause"))]],
  });
  const image = component(ComponentType.Container, "pause", packageJson.version, {
    purl: `pkg:oci/pause@${encodeURIComponent(digest)}?arch=${platform}`,
    license: packageJson.license,
    hashes: [[SHA256, digest.replace("sha256:", "")]],
  });
  image.dependencies.add(pause.bomRef);
  for (const part of [bun, zod]) pause.dependencies.add(part.bomRef);
  bun.dependencies.add(glibc.bomRef);

  const bom = new Models.Bom({
    serialNumber: `urn:uuid:${Bun.randomUUIDv5(digest, "url")}`,
    metadata: new Models.Metadata({ timestamp: new Date(epoch * 1000), component: image }),
    components: new Models.ComponentRepository([pause, bun, zod, glibc]),
  });
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return `${new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 2 })}\n`;
}

async function bunComponent(arch: Architecture): Promise<Models.Component> {
  const { version, integrity } = lockEntry(arch);
  const { bun: name } = ARCHITECTURES[arch];
  const bun = component(ComponentType.Platform, "bun", version, {
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    license: "MIT",
    description: "As locked; in the executable it is patched, see tools/patches.ts",
    hashes: [
      [SHA256, await sha256File(lockedRuntime(arch))],
      [SHA512, hex(integrity)],
    ],
  });
  for (const [library, key, repository, license] of LINKED_INTO_BUN) {
    const commit = process.versions[key] ?? "";
    const purl = `pkg:github/${repository.toLowerCase()}@${commit}`;
    bun.components.add(component(ComponentType.Library, library, commit, { purl, license }));
  }
  return bun;
}

/** glibc by its own word, so that it is known where it came from some other way than as a package. */
async function glibcComponent(
  rootfs: string,
  files: readonly RuntimeFile[],
  platform: string,
): Promise<Models.Component> {
  const libc = files.find(({ target }) => target.endsWith("/libc.so.6"))?.target ?? "";
  const { version, vendor, release } = glibcVersion(join(rootfs, libc));
  const glibc = component(ComponentType.Library, "glibc", release ?? version, {
    purl:
      vendor === undefined
        ? `pkg:generic/glibc@${version}`
        : `pkg:deb/${vendor}/glibc@${encodeURIComponent(release)}?arch=${platform}`,
    license: "LGPL-2.1-or-later",
    hashes: [[SHA256, await sha256File(join(rootfs, libc))]],
  });
  for (const { target } of files) {
    const hashes = [[SHA256, await sha256File(join(rootfs, target))]] as const;
    glibc.components.add(component(ComponentType.File, target, undefined, { hashes }));
  }
  return glibc;
}

/** From the line that libc prints when it is run as a program: "GNU C Library (Debian GLIBC 2.36-9) ...". */
function glibcVersion(
  libc: string,
):
  | { version: string; vendor: string; release: string }
  | { version: string; vendor?: undefined; release?: undefined } {
  const text = readFileSync(libc, "latin1");
  const line = /GNU C Library \((.*?)\) (?:stable|development) release version ([\d.]*\d)/.exec(
    text,
  );
  const [, by = "", version] = line ?? [];
  if (version === undefined) throw new Error(`Cannot find out which glibc "${libc}" is`);
  const [, vendor, release] = /^(Debian|Ubuntu) GLIBC (\S+)$/.exec(by) ?? [];
  if (vendor === undefined || release === undefined) return { version };
  return { version, vendor: vendor.toLowerCase(), release };
}

function component(
  type: Enums.ComponentType,
  name: string,
  version: string | undefined,
  about: {
    readonly purl?: string;
    readonly license?: string;
    readonly description?: string;
    readonly hashes?: readonly Models.Hash[];
  },
): Models.Component {
  const { purl, license, description, hashes = [] } = about;
  return new Models.Component(type, name, {
    bomRef: purl ?? name,
    ...(version !== undefined && { version }),
    ...(purl !== undefined && { purl }),
    ...(description !== undefined && { description }),
    licenses: new Models.LicenseRepository(
      license === undefined ? [] : [new Models.SpdxLicense(license)],
    ),
    hashes: new Models.HashDictionary(hashes),
  });
}

/** An integrity as npm writes it, in base64, as CycloneDX writes it. */
function hex(integrity: string): string {
  return Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex");
}
