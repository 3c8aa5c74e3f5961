// Copies of the work tree, to build images in.

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Image, images } from "../../tools/image/layout.ts";

const root = join(import.meta.dirname, "../..");

/** Runs a shell script in a folder, and fails with what it says. */
export function shell(cwd: string, script: string, env: NodeJS.ProcessEnv = process.env): string {
  const { success, stdout, stderr } = Bun.spawnSync(["sh", "-ec", script], { cwd, env });
  if (!success) throw new Error(`${script}: ${stderr.toString()}`);
  return stdout.toString();
}

/** A copy of the work tree in a folder of its own, in which everything is one commit. */
export class Clone implements Disposable {
  readonly #scratch = mkdtempSync(join(tmpdir(), "pause-clone-"));
  readonly directory: string;
  readonly layout: string;

  /**
   * @param name of the folder, which may have several parts
   * @param from another copy; the work tree unless said otherwise
   */
  constructor(name = "clone", from = root) {
    this.directory = join(this.#scratch, name);
    this.layout = join(this.directory, "dist/image");
    const modules = join(this.directory, "node_modules");
    mkdirSync(modules, { recursive: true });
    const listed = shell(
      from,
      "git ls-files -z --cached --others --exclude-standard --deduplicate",
    );
    for (const file of listed
      .split("\0")
      .filter((file) => file !== "" && existsSync(join(from, file))))
      cpSync(join(from, file), join(this.directory, file));
    for (const name of readdirSync(join(from, "node_modules"))) {
      const original = join(from, "node_modules", name);
      // What is compiled in must be no link; the rest is big, and read only.
      if (name === "zod") cpSync(original, join(modules, name), { recursive: true });
      else symlinkSync(original, join(modules, name));
    }
    // The hash of a commit is a function of its files and of these.
    const variables = ["AUTHOR", "COMMITTER"].flatMap((who) => [
      [`GIT_${who}_NAME`, "test"],
      [`GIT_${who}_EMAIL`, "test@example.org"],
      [`GIT_${who}_DATE`, "2026-01-02T03:04:05Z"],
    ]);
    const env = { ...process.env, ...Object.fromEntries(variables) };
    shell(this.directory, "git init -q; git add -A; git commit -qm all", env);
  }

  /** Runs npm run image; returns what it says, and fails if it fails. */
  image(args: readonly string[], env: NodeJS.ProcessEnv = {}, umask = "022"): string {
    const { SOURCE_DATE_EPOCH: _, IMAGE_SOURCE: __, ...environment } = process.env;
    const { success, stderr } = Bun.spawnSync(
      [
        "sh",
        "-c",
        `umask ${umask} && exec "$@"`,
        "sh",
        process.execPath,
        "tools/image.ts",
        ...args,
      ],
      { cwd: this.directory, env: { ...environment, ...env } },
    );
    if (!success) throw new Error(stderr.toString());
    return stderr.toString();
  }

  sums(): string {
    return readFileSync(join(this.directory, "dist/SHA256SUMS"), "utf8");
  }

  /** The image for an architecture in dist/image. */
  of(platform: string): Image {
    return images(this.layout).find((image) => image.platform === platform) as Image;
  }

  [Symbol.dispose](): void {
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}
