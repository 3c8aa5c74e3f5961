// Checksums, in the format of sha256sum(1).

import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** The SHA-256 of a file, in hexadecimal. */
export async function sha256File(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(path).stream()) hasher.update(chunk);
  return hasher.digest("hex");
}

/**
 * Writes SHA256SUMS into a folder.
 * @param names of files in it, by their paths from there
 */
export async function writeSums(directory: string, names: readonly string[]): Promise<void> {
  const lines: string[] = [];
  for (const name of names.toSorted())
    lines.push(`${await sha256File(join(directory, name))}  ${name}\n`);
  writeFileSync(join(directory, "SHA256SUMS"), lines.join(""));
}
