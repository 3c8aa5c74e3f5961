// What becomes of each piece of this process's memory, and why.

import type { Mapping } from "./maps.ts";

/** A piece of memory, from start up to end. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What the ruling depends on. Addresses and sizes are in bytes. */
export interface Memory {
  /** This process's memory, in ascending order. */
  readonly maps: readonly Mapping[];
  /** An address within the executable: it tells which file that is. */
  readonly executable: number;
  /** The thread's descriptor, around which its thread-local storage lies. */
  readonly thread: number;
  /** Variables of libc's that are in the executable: its copy relocations. */
  readonly variables: readonly number[];
  /** The lowest address on the stack that is still of use: argv, then environment and more. */
  readonly stackInUse: number;
  /** The functions that steps call. */
  readonly functions: readonly number[];
  /** Contexts, data and stack of the steps. */
  readonly arena: Span;
  readonly page: number;
}

/** What becomes of a piece of memory, and why: "refill" drops the pages and keeps the mapping. */
export interface Ruling extends Span {
  readonly fate: "keep" | "drop" | "refill";
  readonly why: string;
}

/** A mapping whose use is not known; nothing may be unmapped then. */
export class Unrecognised extends Error {}

/** Rules on every mapping; neighbours that go become one, so that one call is enough. */
export function judge(memory: Memory): Ruling[] {
  const executable = mappingAt(memory, memory.executable)?.name;
  if (!executable?.startsWith("/"))
    throw new Unrecognised("Cannot find the executable in the maps");
  const places = keptPlaces(memory);
  const rulings: Ruling[] = [];
  let before: (Mapping & Ruling) | undefined;
  for (const mapping of memory.maps) {
    const { fate, why } = rule(mapping, before, executable);
    before = { ...mapping, fate, why };
    for (let start = mapping.start; start < mapping.end;) {
      // Up to the next place that stays, or that place itself.
      const place = fate === "keep" ? undefined : firstAfter(places, start);
      const inPlace = place !== undefined && place.start <= start;
      const end = Math.min(
        mapping.end,
        place === undefined ? Infinity : inPlace ? place.end : place.start,
      );
      push(rulings, inPlace ? { ...place, start, end } : { start, end, fate, why });
      start = end;
    }
  }
  // Should a preloaded library, or the executable, have functions of the same names.
  for (const address of memory.functions) {
    const ruling = firstAfter(rulings, address);
    if (ruling === undefined || address < ruling.start || ruling.fate === "drop") {
      throw new Unrecognised("Cannot find every function of libc in libc");
    }
  }
  return rulings;
}

function push(rulings: Ruling[], ruling: Ruling): void {
  const last = rulings[rulings.length - 1];
  if (last?.fate !== "drop" || ruling.fate !== "drop" || last.end !== ruling.start) {
    rulings.push(ruling);
    return;
  }
  const why = last.why.includes(ruling.why) ? last.why : `${last.why}, ${ruling.why}`;
  rulings[rulings.length - 1] = { ...last, end: ruling.end, why };
}

/** The lowest of the places that end behind an address. */
function firstAfter(places: readonly Ruling[], address: number): Ruling | undefined {
  let first: Ruling | undefined;
  for (const place of places) {
    if (place.end > address && (first === undefined || place.start < first.start)) first = place;
  }
  return first;
}

/**
 * How far from the descriptor thread-local storage reaches: below it on x64, above on arm64, and
 * the rest of the descriptor the other way. The runtime's and libc's together take 24 kB.
 */
const AROUND = 65536;

/** What stays although the mapping that it lies in goes. */
function keptPlaces(memory: Memory): Ruling[] {
  const { arena, thread, variables, stackInUse, page } = memory;
  const fate = "keep";
  const down = (address: number) => address - ((address >>> 0) & (page - 1));
  const places: Ruling[] = [
    { start: arena.start, end: arena.end, fate, why: "contexts, data and stack of the steps" },
  ];
  const storage = mappingAt(memory, thread);
  if (storage === undefined) throw new Unrecognised("Cannot find the thread's storage in the maps");
  places.push({
    start: Math.max(storage.start, down(thread) - AROUND),
    end: Math.min(storage.end, down(thread) + AROUND),
    fate,
    why: "thread descriptor and thread-local storage",
  });
  for (const address of variables) {
    const start = down(address);
    places.push({ start, end: start + page, fate, why: "libc's stderr and environ" });
  }
  for (const { name, start, end } of memory.maps) {
    if (name !== "[stack]") continue;
    // Should the environment have been moved elsewhere, all of the stack stays.
    const inUse = start <= stackInUse && stackInUse < end ? down(stackInUse) : start;
    places.push({ start: inUse, end, fate, why: "arguments and environment" });
  }
  return places;
}

function mappingAt({ maps }: Memory, address: number): Mapping | undefined {
  for (const mapping of maps) {
    if (mapping.start <= address && address < mapping.end) return mapping;
  }
  return undefined;
}

/** What a name begins with, a library's without its directory, and what that means. */
const NAMES: readonly (readonly [prefix: string, fate: Ruling["fate"], why: string])[] = [
  ["[vdso]", "keep", "the kernel's"],
  ["[vvar]", "keep", "the kernel's"],
  ["[vvar_vclock]", "keep", "the kernel's"],
  ["[vsyscall]", "keep", "the kernel's"],
  ["[heap]", "drop", "malloc's: nothing allocates any more"],
  ["[stack]", "refill", "frames of JavaScript"],
  ["libc.so", "keep", "libc"],
  ["libc-2.", "keep", "libc"],
  ["ld-linux", "keep", "the loader"],
  ["ld-2.", "keep", "the loader"],
  ["ld.so", "keep", "the loader"],
  ["libpthread.so", "drop", "empty: since glibc 2.34 libc has it all"],
  ["libpthread-2.", "keep", "libc's locks are in it"],
  ["libm.so", "drop", "not called any more"],
  ["libm-2.", "drop", "not called any more"],
  ["libdl.so", "drop", "not called any more"],
  ["libdl-2.", "drop", "not called any more"],
];

/** Rules on one mapping, given the ruling on the one before it. */
function rule(
  { name, start, permissions }: Mapping,
  before: (Mapping & Ruling) | undefined,
  executable: string,
): Pick<Ruling, "fate" | "why"> {
  if (name === executable) return { fate: "drop", why: "the executable" };
  if (name === "" || name.startsWith("[anon:")) {
    const isBss = before !== undefined && before.end === start && before.name.startsWith("/");
    if (isBss && before.fate === "keep") return { fate: "keep", why: "zeroed data" };
    return { fate: "drop", why: "the runtime's memory" };
  }
  const file = name.slice(name.lastIndexOf("/") + 1);
  for (const [prefix, fate, why] of NAMES) {
    if (!file.startsWith(prefix)) continue;
    // Of what is kept, the code can come back from its file when it is needed. Only the code: what
    // is read-only now, and was relocated before, would come back as it was before.
    if (fate === "keep" && permissions === "r-xp" && name.startsWith("/")) {
      return { fate: "refill", why: `${why}: its code, which comes back from the file` };
    }
    return { fate, why };
  }
  throw new Unrecognised(`Cannot tell what the mapping "${name}" is for`);
}
