// The README's tables, in step with the program.

import { expect, test } from "bun:test";
import { join } from "node:path";

import { type Option, OPTIONS } from "../../src/cli/options.ts";
import { EXIT_CODES } from "../../src/exit-code.ts";

const isForCommand = (option: Option) => option.command === true;

test("the README's options are those of the program", async () => {
  const readme = await Bun.file(join(import.meta.dirname, "../../README.md")).text();
  const rows = readme.matchAll(/^\| (`-(?:[^|]|\\\|)*`) +\| (.*?) +\|$/gm);
  expect(Array.from(rows, ([, names, help]) => [names, help])).toEqual(
    [...OPTIONS.filter((option) => !isForCommand(option)), ...OPTIONS.filter(isForCommand)].map(
      (option: Option) => {
        const short = option.short ? `\`-${option.short}\`, ` : "";
        const value = option.value ? ` ${option.value.replace("|", "\\|")}` : "";
        const variable = option.variable ? ` \`[${option.variable}]\`` : "";
        return [`${short}\`--${option.long}${value}\`${variable}`, option.help];
      },
    ),
  );
});

test("the README's exit codes are those of the program", async () => {
  const readme = await Bun.file(join(import.meta.dirname, "../../README.md")).text();
  const rows = readme.matchAll(/^\| (\d+) +\| (.*?) +\|$/gm);
  expect(Array.from(rows, ([, code, meaning]) => [Number(code), meaning])).toEqual(
    EXIT_CODES.map(({ code, meaning }) => [code, meaning]),
  );
});
