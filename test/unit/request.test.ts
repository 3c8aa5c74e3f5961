// What a start is asked for: which mode, and what is read without zod.

import { expect, test } from "bun:test";

import { VARIABLES } from "../../src/cli/variables.ts";
import { OPTIONS, readFlags } from "../../src/cli/options.ts";
import { readRequest } from "../../src/cli/request.ts";

test.each([
  [[], "", "hold", {}, []],
  [["--watch"], "", "hold", { watch: true }, []],
  [["--watch", "--explain", "-h"], "", "hold", { watch: true, explain: true, help: true }, []],
  [[], "1", "hold", { watch: true }, []],
  [[], "0", "hold", { watch: false }, []],
  [[], "yes", "hold", { watch: true }, []],
  [["--watch"], "0", "hold", { watch: true }, []],
  [[], "maybe", "hold", {}, ['Variable PAUSE_WATCH takes yes or no: "maybe"']],
  [
    ["--wacth"],
    "1",
    "hold",
    { watch: true },
    ['Unknown argument "--wacth"; did you mean "--watch"?'],
  ],
  [["-g"], "", "hold", { group: true }, ['Option "--group" means nothing without a command']],
  [["-g", "--", "true"], "", "run", { group: true }, []],
  [
    ["--drain", "x", "--", "true"],
    "",
    "run",
    {},
    ['Option "--drain" takes seconds, 0 or more: "x"'],
  ],
  [["--"], "", "hold", {}, ['No command after "--"']],
  [["zombies"], "", "zombies", {}, []],
  [["zombies", "--json", "--every=2"], "", "zombies", { json: true, every: 2 }, []],
  [
    ["zombies", "--watch"],
    "",
    "zombies",
    {},
    ['Unknown argument "--watch"; see "pause zombies --help"'],
  ],
  [["zombies", "json"], "", "zombies", {}, ['Unknown argument "json"; did you mean "--json"?']],
  [["zombies", "--", "ls"], "", "zombies", {}, ["pause zombies runs no command"]],
  [
    ["--watch", "zombies"],
    "",
    "hold",
    { watch: true },
    ['Unknown argument "zombies"; did you mean "pause zombies"?'],
  ],
])("%j with PAUSE_WATCH=%j", async (args, variable, mode, settings, complaints) => {
  const request = await readRequest(args, (name) =>
    name === "PAUSE_WATCH" ? variable : undefined,
  );
  const { mode: itsMode, settings: itsSettings, complaints: itsComplaints } = request;
  expect<unknown>([itsMode, itsSettings, itsComplaints]).toEqual([mode, settings, complaints]);
});

test("what means nothing without a command is told by the name that it was given by", async () => {
  const valueOf = (name: string) => ({ PAUSE_DRAIN: "0", PAUSE_GROUP: "no" })[name];
  const { complaints } = await readRequest(["--kill-after", "3"], valueOf);
  expect(complaints).toEqual([
    "Variable PAUSE_DRAIN means nothing without a command",
    'Option "--kill-after" means nothing without a command',
  ]);
  const both = await readRequest(["--drain=1"], valueOf);
  expect(both.complaints).toEqual(['Option "--drain" means nothing without a command']);
});

test("only what is plainly right is read without zod", () => {
  for (const args of [["--watch=1"], ["-hv"], ["--"], ["--Watch"], [""], ["--drain", "3"]]) {
    expect(readFlags(args, OPTIONS)).toBeUndefined();
  }
  expect(readFlags(["-g", "--", "--drain"], OPTIONS)).toEqual({
    settings: { group: true },
    command: ["--drain"],
  });
});

test("each variable of the option table is looked at in each start", () => {
  const names = OPTIONS.flatMap((option) => ("variable" in option ? [option.variable] : []));
  expect<readonly string[]>(VARIABLES).toEqual(names);
});
