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
  /** An address in the thread's storage, near its descriptor: errno's. */
  readonly thread: number;
  /** Variables of libc's that are in the executable: its copy relocations. */
  readonly variables: readonly number[];
  /** The lowest address on the stack that is still of use: the environment's, with argv above. */
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
  if (!executable?.startsWith("/")) {
    throw new Unrecognised("Cannot find the executable in the maps");
  }
  const places = keptPlaces(memory);
  const rulings: Ruling[] = [];
  let before: Mapping | undefined;
  let kind = ANONYMOUS;
  for (const mapping of memory.maps) {
    const { name, permissions } = mapping;
    if (name === "" && before?.end === mapping.start && before.name.startsWith("/")) {
      // What follows a file at once is its .bss.
      kind = kind[1] === "keep" ? BSS : ANONYMOUS;
    } else if (name !== before?.name || kind === BSS) {
      kind = kindOf(name, executable);
    }
    before = mapping;
    let [, fate, why] = kind;
    if (fate === "keep" && permissions === "r-xp" && name.startsWith("/")) {
      // Only code: what is read-only now, and was relocated before, would come back as it was.
      fate = "refill";
      why = `${why}: its code, which comes back from the file`;
    }
    for (let start = mapping.start; start < mapping.end;) {
      // Up to the next place that stays, or that place itself.
      const place = fate === "keep" ? undefined : firstAfter(places, start);
      const inPlace = place !== undefined && place.start <= start;
      const limit = place === undefined ? Infinity : inPlace ? place.end : place.start;
      const end = Math.min(mapping.end, limit);
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
 * How far from errno the thread's storage and descriptor reach, either way: the descriptor is above
 * the storage on x64 and below it on arm64. The runtime's and libc's together take 24 kB.
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

/** What a mapping's name says: the row of NAMES, or one of those that are not in it. */
type Kind = (typeof NAMES)[number];

const EXECUTABLE: Kind = ["", "drop", "the executable"];
const ANONYMOUS: Kind = ["", "drop", "the runtime's memory"];
const BSS: Kind = ["", "keep", "zeroed data"];

function kindOf(name: string, executable: string): Kind {
  if (name === executable) return EXECUTABLE;
  if (name === "" || name.startsWith("[anon:")) return ANONYMOUS;
  const file = name.slice(name.lastIndexOf("/") + 1);
  for (const kind of NAMES) {
    if (file.startsWith(kind[0])) return kind;
  }
  throw new Unrecognised(`Cannot tell what the mapping "${name}" is for`);
}
