// The plan, from maps of real processes.

import { expect, test } from "bun:test";
import { join } from "node:path";

import { Signal } from "../../src/libc/abi.ts";
import { TOP } from "../../src/libc/contexts.ts";
import { maskOf } from "../../src/libc/signals.ts";
import { parseMaps } from "../../src/park/maps.ts";
import { type Memory, Unrecognised } from "../../src/park/memory.ts";
import { firstStep, makePlan } from "../../src/park/plan.ts";
import { CYCLE_TOPS, LASTING } from "../../src/park/steps.ts";

const fixture = (name: string) => join(import.meta.dirname, "../fixtures", name);

/** A process of each architecture: its maps, and where in them things are. */
const PROCESSES = [
  {
    name: "x64, glibc 2.36",
    maps: await Bun.file(fixture("maps-x64.txt")).text(),
    executable: 0x200040,
    thread: 0x7f48efc4d6c0,
    variables: [0x6a214a0, 0x6a214c0],
    stackInUse: 0x7ffe86f72a18,
    functions: [0x7f48efd9a000],
    arena: { start: 0x7f48ef9f4000, end: 0x7f48efa74000 },
  },
  {
    name: "arm64, glibc 2.36",
    maps: await Bun.file(fixture("maps-arm64.txt")).text(),
    executable: 0x200040,
    thread: 0x5500b12000,
    variables: [0x6a3c410, 0x6a3c418],
    stackInUse: 0x5500800a18,
    functions: [0x5500900000],
    arena: { start: 0x5721380000, end: 0x5721400000 },
  },
].map(({ maps, ...rest }) => ({ ...rest, maps: parseMaps(maps), page: 4096 }));

function fateAt(memory: Memory, address: number): string | undefined {
  return makePlan(memory, true).rulings.find(({ start, end }) => start <= address && address < end)
    ?.fate;
}

for (const { name, ...memory } of PROCESSES) {
  test(`${name}: what is still needed stays`, () => {
    const { thread, variables, stackInUse, arena, functions } = memory;
    const needed = [thread, ...variables, stackInUse, arena.start, arena.end - 1];
    for (const address of needed) expect(fateAt(memory, address)).toBe("keep");
    for (const address of functions) expect(fateAt(memory, address)).toBe("refill");
    for (const { name, permissions, start } of memory.maps) {
      if (!/\/(libc\.so\.6|ld-linux.*)$/.test(name)) continue;
      expect(fateAt(memory, start)).toBe(permissions === "r-xp" ? "refill" : "keep");
    }
  });

  test(`${name}: the executable, its libraries and its memory go`, () => {
    const { rulings } = makePlan(memory, true);
    const kept = rulings.filter(({ fate }) => fate !== "drop");
    const size = kept.reduce((sum, { start, end }) => sum + end - start, 0);
    expect(size).toBeLessThan(16 * 1024 * 1024);
    for (const { name, start } of memory.maps) {
      if (/\/(pause|libm\.so\.6|libdl\.so\.2|libpthread\.so\.0)$/.test(name)) {
        expect({ name, fate: fateAt(memory, start) }).toEqual({ name, fate: "drop" });
      }
    }
  });

  test(`${name}: rulings are in order, cover every mapping, and nothing twice or beside`, () => {
    const { rulings } = makePlan(memory, true);
    for (const [index, { start, end, why }] of rulings.entries()) {
      expect(start).toBeLessThan(end);
      expect(why).not.toBe("");
      const next = rulings[index + 1];
      if (next !== undefined) expect(end).toBeLessThanOrEqual(next.start);
    }
    const total = (spans: readonly { start: number; end: number }[]) =>
      spans.reduce((sum, { start, end }) => sum + end - start, 0);
    expect(total(rulings)).toBe(total(memory.maps));
  });

  test(`${name}: every step leads to the next, up to the wait`, () => {
    const { steps } = makePlan(memory, true);
    const names = steps.map((step) => step.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names[0]).toBe(firstStep(true));
    expect(firstStep(false)).toBe("look");
    for (const [index, { name, next }] of steps.entries()) {
      if (name === "mendAgain") expect(next).toBe("look");
      else if (name.startsWith("say")) expect(next).toBe("end");
      else if (name !== "end") expect(next).toBe(names[index + 1]);
    }
  });

  test(`${name}: a mapping that is not known stops the plan`, () => {
    const unknown = [
      "/usr/lib/libjemalloc.so.2",
      "/usr/lib/libc-client.so.2007e",
      "/dev/zero (deleted)",
      "[uprobes]",
    ];
    for (const name of unknown) {
      const maps = [{ start: 0x1000, end: 0x2000, permissions: "r-xp", name }, ...memory.maps];
      expect(() => makePlan({ ...memory, maps }, true)).toThrow(Unrecognised);
    }
  });

  test(`${name}: a function that is not in libc stops the plan`, () => {
    const functions = [memory.executable];
    expect(() => makePlan({ ...memory, functions }, true)).toThrow(Unrecognised);
  });

  test(`${name}: an environment that was moved leaves all of the stack`, () => {
    const stack = memory.maps.find(({ name }) => name === "[stack]");
    expect(fateAt(memory, stack?.start ?? 0)).toBe("refill");
    expect(fateAt({ ...memory, stackInUse: 0x1000 }, stack?.start ?? 0)).toBe("keep");
  });
}

test("older glibc: libpthread stays, since libc's locks are in it", () => {
  const [x64] = PROCESSES;
  if (x64 === undefined) throw new Error("Cannot find the process");
  const maps = x64.maps.map((mapping) => ({
    ...mapping,
    name: mapping.name
      .replace("libpthread.so.0", "libpthread-2.31.so")
      .replace("libc.so.6", "libc-2.31.so")
      .replace("ld-linux-x86-64.so.2", "ld-2.31.so"),
  }));
  const pthread = maps.find(({ name }) => name.endsWith("libpthread-2.31.so"));
  expect(fateAt({ ...x64, maps }, pthread?.start ?? 0)).toBe("keep");
});

test("the steps that stay are the story of a signal", () => {
  expect(LASTING.map(({ name, call }) => `${name}:${call}`).join(" ")).toBe(
    "look:sigpending only:sigandset wait:sigwaitinfo take:memcpy choose:memcpy aim:memcpy " +
      "go:setcontext nap:usleep mend:memcpy mendAgain:memcpy " +
      "interrupted:setitimer sayInterrupt:write terminated:setitimer sayTerminated:write end:_exit",
  );
  // What mend restores are the steps up to the one that leads back to the first.
  const last = LASTING.findIndex(({ next }) => next === LASTING[0]?.name);
  expect((last + 1) * TOP).toBe(CYCLE_TOPS);
});

test("where waiting is refused it holds by pause, with the signals open, and all else is the same", () => {
  const [memory] = PROCESSES;
  if (memory === undefined) throw new Error("Cannot find the process");
  const waiting = makePlan(memory, true).steps;
  const holding = makePlan(memory, false).steps;
  expect(holding.map(({ name, call }) => `${name}:${call}`)).toEqual(
    waiting.map(({ name, call }) => `${name}:${call === "sigwaitinfo" ? "pause" : call}`),
  );
  const open = maskOf(Signal.SIGINT, Signal.SIGTERM);
  expect(holding.filter(({ opens = 0 }) => (opens & open) !== 0)).toHaveLength(1);
  expect(waiting.filter(({ opens = 0 }) => (opens & open) !== 0)).toBeEmpty();
});

test("a maps file is read as the manual page says", () => {
  const text = [
    "00400000-00452000 r-xp 00000000 08:02 173521      /usr/bin/with space (deleted)",
    "7f0000000000-7f0000001000 rw-p 00000000 00:00 0 ",
    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]",
    "",
  ].join("\n");
  expect(parseMaps(text).map(({ permissions, name }) => ({ permissions, name }))).toEqual([
    { permissions: "r-xp", name: "/usr/bin/with space (deleted)" },
    { permissions: "rw-p", name: "" },
    { permissions: "--xp", name: "[vsyscall]" },
  ]);
  expect(parseMaps(text)[0]).toMatchObject({ start: 0x400000, end: 0x452000 });
  for (const line of ["nonsense", "00452000-00400000 r-xp 0 0:0 1", "x-y r-xp"]) {
    expect(() => parseMaps(line)).toThrow("Cannot read the line");
  }
});

test("a maps file of this process can be read", async () => {
  const maps = parseMaps(await Bun.file("/proc/self/maps").text());
  expect(maps.some(({ name }) => name === "[stack]")).toBe(true);
});
