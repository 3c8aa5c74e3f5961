import { expect, test } from "bun:test";

import { readArguments } from "../../src/cli/arguments.ts";
import { usage } from "../../src/cli/options.ts";

test.each([
  [[], {}, [], []],
  [["-h"], { help: true }, [], []],
  [["--help"], { help: true }, [], []],
  [["-hv"], { help: true, version: true }, [], []],
  [["foo"], {}, [], ['Unknown argument "foo"']],
  [["foo", "foo"], {}, [], ['Unknown argument "foo"']],
  [["--hepl"], {}, [], ['Unknown argument "--hepl"; did you mean "--help"?']],
  [["-x", "--help"], { help: true }, [], ['Unknown argument "-x"']],
  [["--help=yes"], {}, [], ['Option "--help" takes no value: "yes"']],
  [["--help="], {}, [], ['Option "--help" takes no value: ""']],
  [["--no-help"], {}, [], ['Unknown argument "--no-help"']],
  [["--__proto__"], {}, [], ['Unknown argument "--__proto__"']],
  [["--constructor=1"], {}, [], ['Unknown argument "--constructor"']],
  [["--toString"], {}, [], ['Unknown argument "--toString"']],
  [["-"], {}, [], ['Unknown argument "-"']],
  [[""], {}, [], ['Unknown argument ""']],
  [["a\u001b[2J"], {}, [], ['Unknown argument "a\\u001b[2J"']],
  [["--"], {}, [], ['No command after "--"']],
  [["--", "ls", "-h", "--bogus"], {}, ["ls", "-h", "--bogus"], []],
  [["x", "--", "ls", "--", "-v"], {}, ["ls", "--", "-v"], ['Unknown argument "x"']],
])("reads %j", (args, settings, command, complaints) => {
  expect(readArguments(args)).toEqual({ settings, command, complaints } as never);
});

test("no argument makes it fail", () => {
  const parts = ["-", "--", "=", "h", "v", "help", "\0", "\ud800", "🙂", "__proto__", " ", "1e9"];
  for (let seed = 0; seed < 20_000; seed++) {
    let rest = seed * 2_654_435_761;
    const word = () => parts[(rest = Math.floor(rest / 7) + seed) % parts.length] ?? "";
    const args = [word() + word() + word(), word() + word()];
    expect(() => readArguments(args)).not.toThrow();
  }
});

test("the help fits 80 columns", () => {
  for (const line of usage().split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});
