// What `pause zombies` makes of what it has found: words, sentences that help, JSON.

import { expect, test } from "bun:test";

import { toJson } from "../../src/log.ts";
import { help, takesNudge } from "../../src/mode/zombies/remedies.ts";
import { type Group, type Leaker, Report, type Zombie } from "../../src/mode/zombies/schema.ts";
import { render } from "../../src/mode/zombies/text.ts";
import { duration } from "../../src/mode/words.ts";
import { cut, safe, wrap } from "../../src/mode/zombies/words.ts";
import { decodeName } from "../../src/process/stat.ts";
import { schema, SCHEMA } from "../../tools/schema.ts";

const LEAKER: Leaker = {
  pid: 4242,
  name: "python3",
  role: "parent",
  state: "S",
  sigchld: "defaults",
  blocked: false,
  tracer: 0,
  init: false,
  containerInit: false,
  place: null,
};

const ZOMBIE: Zombie = {
  pid: 4250,
  name: "sh",
  age: 200.5,
  parent: 4242,
  parentName: "python3",
  place: null,
  placeFrom: null,
};

function group(leaker: Partial<Leaker>, rest: Partial<Group> = {}): Group {
  return { leaker: { ...LEAKER, ...leaker }, nudged: false, zombies: [ZOMBIE], ...rest };
}

function report(groups: Group[], rest: Partial<Report> = {}): Report {
  const count = groups.reduce((sum, { zombies }) => sum + zombies.length, 0);
  const time = "2026-01-02T03:04:05.678Z";
  return {
    version: 1,
    time,
    processes: 231,
    unreadable: 0,
    count,
    groups,
    help: help(groups),
    ...rest,
  };
}

/** What a terminal acts on, or does not show. */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Names of up to 15 bytes by a small generator, from a printed seed: rather hostile ones. */
function* hostileNames(count: number): Generator<Uint8Array> {
  let seed = Math.trunc(Math.random() * 2 ** 32);
  console.log(`seed ${seed}`);
  const next = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.trunc((seed / 2 ** 32) * below);
  };
  const pieces = [
    "\u001b[2J",
    "\u001b]0;",
    "\u0007",
    "\n",
    "\r",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u061c",
  ];
  pieces.push(
    "\u{e0041}",
    "\u009b",
    ")",
    "(",
    '"',
    "\\",
    " ",
    "日",
    "e\u0301",
    "\ufeff",
    "\u2028",
    "\t",
  );
  for (let made = 0; made < count; made++) {
    const parts = Array.from({ length: next(6) }, () =>
      next(3) === 0 ? Buffer.from([1 + next(255)]) : Buffer.from(pieces[next(pieces.length)] ?? ""),
    );
    yield Buffer.concat(parts).subarray(0, 15);
  }
}

test("a whole report reads like this", () => {
  const place = {
    pod: "0b6a2d9e-3c7c-4e0c-b7b9-2f0b8a3f2f11",
    container: "3f2a9c1d0b7e".padEnd(64, "0"),
    unit: null,
    user: null,
  };
  const nginx = { pid: 17, name: "nginx", sigchld: "catches", state: "T", place } as const;
  const groups = [
    group({}, { zombies: [ZOMBIE, { ...ZOMBIE, pid: 9, name: "my\u001b[31m", age: 90_000 }] }),
    group(nginx, { zombies: [{ ...ZOMBIE, parent: 17, place, placeFrom: "leaker", age: 0 }] }),
  ];
  expect(render(report(groups, { unreadable: 2 }))).toBe(`3 zombies left by 2 of 231 processes
2 or more could not be looked at; root can

2 zombies of python3 (4242): defaults SIGCHLD
       PID      AGE  NAME
      4250   3m 20s  sh
         9    1d 1h  "my\\u001b[31m"

1 zombie of nginx (17): catches SIGCHLD, stopped
  in pod 0b6a2d9e-3c7c-4e0c-b7b9-2f0b8a3f2f11, container 3f2a9c1d0b7e
       PID      AGE  NAME
      4250       0s  sh

What helps:
- Continue nginx (17), stopped as of now: kill -CONT 17
- Restart python3 (4242), for the zombies to go to init; the cure is to wait for
  children
`);
  expect(render(report([], { processes: 1 }))).toBe("No zombies among 1 process\n");
});

test("no name, whatever its bytes, gets out of its quotes, its line or 80 columns", () => {
  for (const bytes of hostileNames(4_000)) {
    const name = decodeName(bytes);
    const place = { pod: null, container: name.name, unit: `${name.name}.service`, user: 7 };
    const zombie = {
      ...ZOMBIE,
      ...name,
      place,
      placeFrom: "itself",
      parentName: name.name,
    } as const;
    const groups = [
      group({ ...name, sigchld: "catches", blocked: true, init: true, place }, { nudged: true }),
      group({ ...name, role: "tracer", state: "t" }, { zombies: [{ ...zombie, parent: 1 }] }),
    ];
    const nudges = [{ pid: 4242, ...name, error: null, went: [], left: [4250] }];
    const text = render(report(groups, { nudges }));
    for (const line of text.split("\n")) {
      expect(line).not.toMatch(HOSTILE);
      expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80);
    }
    expect(text.split("\n").filter((line) => line.includes("zombie of")).length).toBe(2);
    const json = toJson(report(groups, { nudges }));
    expect(json).not.toMatch(HOSTILE);
    expect(JSON.parse(json)).toEqual(report(groups, { nudges }));
  }
});

test("a plain name stands without quotes, any other one in them", () => {
  expect(["sh", "(sd-pam)", "日本", "c++", "kworker/0:1-mm"].map((name) => safe(name, 32))).toEqual(
    ["sh", "(sd-pam)", "日本", "c++", "kworker/0:1-mm"],
  );
  expect(["", "a b", '"a"', "e\u0301"].map((name) => safe(name, 32))).toEqual([
    '""',
    '"a b"',
    '"\\"a\\""',
    '"e\u0301"',
  ]);
  expect(cut("日本語", 5)).toBe("日本…");
  expect(cut("日本", 4)).toBe("日本");
});

test("says what helps, depending on who leaks and how", () => {
  const helps = (leaker: Partial<Leaker>, nudged = false) => help([group(leaker, { nudged })]);
  const catches = { sigchld: "catches" } as const;
  const one = (start: string) => [expect.stringMatching(new RegExp(`^${start}\\b.*$`))];
  expect(helps({})).toEqual(one("Restart"));
  expect(helps({ sigchld: "ignores" })).toEqual(one("Restart"));
  expect(helps(catches)).toEqual(one("Try pause zombies --nudge"));
  expect(helps(catches, true)).toEqual(one("Restart"));
  expect(helps({ ...catches, state: "T" })).toEqual(one("Continue"));
  expect(helps({ ...catches, state: "t" })).toEqual(one("Let"));
  expect(helps({ ...catches, state: "D" })).toEqual(one("Find"));
  expect(helps({ role: "tracer" })).toEqual(one("End or detach"));
  expect(helps({ pid: 0, name: null, sigchld: "unknown" })).toEqual(one("Look from the host"));
  expect(helps({ init: true, containerInit: true })).toEqual(one("Give"));
  expect(helps({ ...catches, init: true, containerInit: true })).toHaveLength(2);
  expect(helps({ init: true })).toEqual(one("Find out"));
  expect(helps({ ...catches, init: true })).toEqual(one("Try pause zombies --nudge"));
  expect(help([])).toEqual([]);
  // Alike are told together, the worst of them by name.
  expect(help([group({}), group({ pid: 1, name: "a" }), group({ pid: 2, name: "b" })])).toEqual(
    one("Restart python3 \\(4242\\) and 2 more"),
  );
});

test("nudges who catches SIGCHLD, or blocks it to take it otherwise, and can run", () => {
  const takes = (leaker: Partial<Leaker>) => takesNudge({ ...LEAKER, ...leaker });
  expect(takes({ sigchld: "catches" })).toBe(true);
  expect(takes({ blocked: true })).toBe(true);
  expect(takes({})).toBe(false);
  expect(takes({ sigchld: "ignores" })).toBe(false);
  expect(takes({ sigchld: "unknown", blocked: true })).toBe(false);
  expect(takes({ sigchld: "catches", state: "T" })).toBe(false);
  expect(takes({ sigchld: "catches", pid: 0 })).toBe(false);
});

test.each([
  [0, "0s"],
  [59.9, "59s"],
  [60, "1m"],
  [3600 + 59, "1h"],
  [7384, "2h 3m"],
  [86_400 * 400 + 3600, "400d 1h"],
])("%d seconds are %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test("wraps at 80 columns, and leaves a longer word whole", () => {
  expect(wrap(`${"a".repeat(40)} ${"b".repeat(38)} c`, "- ")).toEqual([
    `- ${"a".repeat(40)}`,
    `  ${"b".repeat(38)} c`,
  ]);
  expect(wrap("x".repeat(100), "- ")).toEqual([`- ${"x".repeat(100)}`]);
});

test("the documented shape is that of the program (if not: bun tools/schema.ts)", async () => {
  expect(await Bun.file(SCHEMA).json()).toEqual(schema);
  expect(Report.safeParse(report([group({})])).success).toBe(true);
  expect(Report.safeParse({ ...report([]), more: 1 }).success).toBe(false);
});
