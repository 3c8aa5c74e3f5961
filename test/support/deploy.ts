// docs/deploy as its reader uses it: the files, and the commands in its README.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import packageJson from "../../package.json" with { type: "json" };
import { run } from "./image.ts";

/** A file's text, with the version put in. */
export function deployFile(name: string): string {
  const path = join(import.meta.dirname, "../../docs/deploy", name);
  return readFileSync(path, "utf8").replaceAll("VERSION", packageJson.version);
}

/**
 * Runs commands of the README, in their order.
 * @param section the heading that they stand under
 * @param start what they begin with, and no others of that section do
 * @param place what to put in place of words that stand for something
 * @param env for where the command is to find what is the test's and not the machine's
 * @returns what they printed
 */
export function runDocumented(
  section: string,
  start: string,
  place: Readonly<Record<string, string>>,
  env: Record<string, string> = {},
): string {
  const [, text = ""] = deployFile("README.md").split(`\n## ${section}\n`);
  const commands = Array.from(text.split("\n## ")[0]!.matchAll(/^```sh\n(.*?)^```$/gms))
    .flatMap(([, block = ""]) => block.trim().split("\n"))
    .filter((line) => line.startsWith(start));
  if (commands.length === 0) throw new Error(`No command "${start}" in "${section}"`);
  return commands
    .map((command) => {
      let line = command;
      for (const [word, value] of Object.entries(place)) line = line.replaceAll(word, value);
      return run(["sh", "-ec", line], env);
    })
    .join("\n");
}
