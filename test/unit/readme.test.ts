import { expect, test } from "bun:test";
import { join } from "node:path";

import { OPTIONS } from "../../src/cli/options.ts";
import { EXIT_CODES } from "../../src/exit-code.ts";

test("the README's options are those of the program", async () => {
  const readme = await Bun.file(join(import.meta.dirname, "../../README.md")).text();
  const rows = readme.matchAll(/^\| (`-[^|]*`) +\| (.*?) +\|$/gm);
  expect(Array.from(rows, ([, names, help]) => [names, help])).toEqual(
    OPTIONS.map((option) => {
      const short = "short" in option ? `\`-${option.short}\`, ` : "";
      const variable = "variable" in option ? ` \`[${option.variable}]\`` : "";
      return [`${short}\`--${option.long}\`${variable}`, option.help];
    }),
  );
});

test("the README's exit codes are those of the program", async () => {
  const readme = await Bun.file(join(import.meta.dirname, "../../README.md")).text();
  const rows = readme.matchAll(/^\| (\d+) +\| (.*?) +\|$/gm);
  expect(Array.from(rows, ([, code, meaning]) => [Number(code), meaning])).toEqual(
    EXIT_CODES.map(({ code, meaning }) => [code, meaning]),
  );
});
