import { expect, test } from "bun:test";

import { readOptions } from "../../src/cli/options.ts";
import { readRequest } from "../../src/cli/request.ts";

test.each([
  [[], "", {}, []],
  [["--watch"], "", { watch: true }, []],
  [["--watch", "--explain", "-h"], "", { watch: true, explain: true, help: true }, []],
  [[], "1", { watch: true }, []],
  [[], "0", { watch: false }, []],
  [[], "yes", { watch: true }, []],
  [[], "False", { watch: false }, []],
  [["--watch"], "0", { watch: true }, []],
  [[], "maybe", {}, ['PAUSE_WATCH takes yes or no: "maybe"']],
  [["bogus"], "2", {}, ['PAUSE_WATCH takes yes or no: "2"', 'Unknown argument "bogus"']],
  [["--wacth"], "1", { watch: true }, ['Unknown argument "--wacth"; did you mean "--watch"?']],
])("%j with PAUSE_WATCH=%j", async (args, variable, settings, complaints) => {
  const request = await readRequest(args, { PAUSE_WATCH: variable });
  expect(request).toEqual({ settings, command: [], complaints } as never);
});

test("only what is plainly right is read without zod", () => {
  for (const args of [["--watch=1"], ["-hv"], ["--"], ["--Watch"], [""], ["--watch", "x"]]) {
    expect(readOptions(args)).toBeUndefined();
  }
});
