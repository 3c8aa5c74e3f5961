// What arguments and variables mean, and what is said of those that mean nothing.

import { expect, test } from "bun:test";

import { readArguments, readVariable } from "../../src/cli/arguments.ts";
import { OPTIONS, type Option, ZOMBIES_OPTIONS } from "../../src/cli/options.ts";
import { usage, zombiesUsage } from "../../src/cli/usage.ts";

test.each([
  [[], {}, [], []],
  [["-h"], { help: true }, [], []],
  [["--help"], { help: true }, [], []],
  [["-hv"], { help: true, version: true }, [], []],
  [["foo"], {}, [], ['Unknown argument "foo"; a command comes after "--"']],
  [["foo", "foo"], {}, [], ['Unknown argument "foo"; a command comes after "--"']],
  [["--hepl"], {}, [], ['Unknown argument "--hepl"; did you mean "--help"?']],
  [["-x", "--help"], { help: true }, [], ['Unknown argument "-x"; see "pause --help"']],
  [["--help=yes"], {}, [], ['Option "--help" takes no value: "yes"']],
  [["--help="], {}, [], ['Option "--help" takes no value: ""']],
  [["--no-help"], {}, [], ['Unknown argument "--no-help"; see "pause --help"']],
  [["--__proto__"], {}, [], ['Unknown argument "--__proto__"; see "pause --help"']],
  [["--constructor=1"], {}, [], ['Unknown argument "--constructor"; see "pause --help"']],
  [["--toString"], {}, [], ['Unknown argument "--toString"; see "pause --help"']],
  [["help"], {}, [], ['Unknown argument "help"; did you mean "--help"?']],
  [["zombie"], {}, [], ['Unknown argument "zombie"; did you mean "pause zombies"?']],
  [["-"], {}, [], ['Unknown argument "-"; a command comes after "--"']],
  [[""], {}, [], ['Unknown argument ""; a command comes after "--"']],
  [["a\u001b[2J"], {}, [], ['Unknown argument "a\\u001b[2J"; a command comes after "--"']],
  [["--"], {}, [], ['No command after "--"']],
  [["--", "ls", "-h", "--bogus"], {}, ["ls", "-h", "--bogus"], []],
  [["-g", "--", "ls", "--", "-v"], { group: true }, ["ls", "--", "-v"], []],
  [["-gsw"], { group: true, subreaper: true, "log-reaped": true }, [], []],
  [["--drain", "2.5"], { drain: 2.5 }, [], []],
  [["--drain=.5"], { drain: 0.5 }, [], []],
  [["--drain", "0", "--drain", "3"], { drain: 3 }, [], []],
  [["--drain"], {}, [], ['Option "--drain" takes seconds, 0 or more: nothing']],
  [["--drain", "--", "ls"], {}, ["ls"], ['Option "--drain" takes seconds, 0 or more: nothing']],
  [["--drain=-1"], {}, [], ['Option "--drain" takes seconds, 0 or more: "-1"; did you mean "0"?']],
  [
    ["--kill-after", "10s"],
    {},
    [],
    ['Option "--kill-after" takes seconds, 0 or more: "10s"; did you mean "10"?'],
  ],
  [
    ["--kill-after", "1e9"],
    {},
    [],
    ['Option "--kill-after" takes seconds, 0 or more: "1e9"; did you mean "315360000"?'],
  ],
  [
    ["--kill-after=1.5 M"],
    {},
    [],
    ['Option "--kill-after" takes seconds, 0 or more: "1.5 M"; did you mean "90"?'],
  ],
  [["--kill-after", "1h30m"], {}, [], ['Option "--kill-after" takes seconds, 0 or more: "1h30m"']],
  [["--kill-after", "soon"], {}, [], ['Option "--kill-after" takes seconds, 0 or more: "soon"']],
  [["-p", "KILL"], { "parent-death-signal": 9 }, [], []],
  [["-pSIGTERM"], { "parent-death-signal": 15 }, [], []],
  [
    ["-p", "trem"],
    {},
    [],
    ['Option "-p" takes a signal by name or number: "trem"; did you mean "TERM"?'],
  ],
  [["-p", "32"], {}, [], ['Option "-p" takes a signal by name or number: "32"']],
  [["--log", "JSON"], { log: "json" }, [], []],
  [["--log=jsno"], {}, [], ['Option "--log" takes text or json: "jsno"; did you mean "json"?']],
  [
    ["-e", "143", "-e", "7:3", "--map-exit=143:1"],
    {
      "map-exit": new Map([
        [143, 1],
        [7, 3],
      ]),
    },
    [],
    [],
  ],
  [
    ["-e", "SIGTERM"],
    {},
    [],
    ['Option "-e" takes CODE[:TO], exit codes from 0 to 255: "SIGTERM"; did you mean "143"?'],
  ],
  [
    ["-e", "int:kill"],
    {},
    [],
    ['Option "-e" takes CODE[:TO], exit codes from 0 to 255: "int:kill"; did you mean "130:137"?'],
  ],
  [["-e", "256"], {}, [], ['Option "-e" takes CODE[:TO], exit codes from 0 to 255: "256"']],
  [["-e", "1:2:3"], {}, [], ['Option "-e" takes CODE[:TO], exit codes from 0 to 255: "1:2:3"']],
  [["-e", "x"], {}, [], ['Option "-e" takes CODE[:TO], exit codes from 0 to 255: "x"']],
  [
    ["-r", "TERM:QUIT", "-r", "1:none", "--rewrite=RTMIN+3:SIGRTMAX-1"],
    {
      rewrite: new Map([
        [15, 3],
        [1, 0],
        [37, 63],
      ]),
    },
    [],
    [],
  ],
  [
    ["-r", "TREM:QUTI"],
    {},
    [],
    [
      'Option "-r" takes FROM:TO, signals by name or number; FROM not KILL, STOP or CHLD; TO may be ' +
        'none: "TREM:QUTI"; did you mean "TERM:QUIT"?',
    ],
  ],
  [
    ["-r", "KILL:TERM"],
    {},
    [],
    [
      'Option "-r" takes FROM:TO, signals by name or number; FROM not KILL, STOP or CHLD; TO may be ' +
        'none: "KILL:TERM"',
    ],
  ],
  [
    ["-r", "TERM"],
    {},
    [],
    [
      'Option "-r" takes FROM:TO, signals by name or number; FROM not KILL, STOP or CHLD; TO may be ' +
        'none: "TERM"',
    ],
  ],
])("reads %j", (args, settings, command, complaints) => {
  expect(readArguments(args, OPTIONS)).toEqual({ settings, command, complaints } as never);
});

test("no argument makes it fail", () => {
  const parts = ["-", "--", "=", "h", "e", "r:", "help", "\0", "\ud800", "🙂", "__proto__", "1e9"];
  for (let seed = 0; seed < 20_000; seed++) {
    let rest = seed * 2_654_435_761;
    const word = () => parts[(rest = Math.floor(rest / 7) + seed) % parts.length] ?? "";
    const args = [word() + word() + word(), word() + word()];
    expect(() => readArguments(args, OPTIONS)).not.toThrow();
  }
});

test.each([
  ["PAUSE_WATCH", "yes", { watch: true }],
  ["PAUSE_WATCH", "False", { watch: false }],
  ["PAUSE_GROUP", "on", { group: true }],
  ["PAUSE_GROUP", "yess", 'Variable PAUSE_GROUP takes yes or no: "yess"; did you mean "yes"?'],
  ["PAUSE_DRAIN", "3", { drain: 3 }],
  ["PAUSE_DRAIN", "yes", 'Variable PAUSE_DRAIN takes seconds, 0 or more: "yes"'],
  ["PAUSE_LOG", "json", { log: "json" }],
  ["PAUSE_LOG", "__proto__", 'Variable PAUSE_LOG takes text or json: "__proto__"'],
  ["PAUSE_WATCH", "__proto__", 'Variable PAUSE_WATCH takes yes or no: "__proto__"'],
])("reads the variable %s=%s", (variable, value, read) => {
  const table: readonly Option[] = OPTIONS;
  const option = table.find((each) => each.variable === variable);
  expect<unknown>(readVariable(option!, value)).toEqual(read);
});

test("the help fits 80 columns", () => {
  for (const line of `${usage()}\n${zombiesUsage()}`.split("\n")) {
    expect({ line, fits: line.length <= 80 }).toEqual({ line, fits: true });
  }
});

test("no two options have a name in common", () => {
  for (const table of [OPTIONS, ZOMBIES_OPTIONS] as readonly (readonly Option[])[]) {
    const names = table.flatMap(({ long, short }) => [long, ...(short ? [short] : [])]);
    expect(new Set(names).size).toBe(names.length);
  }
});
