// Who has to reap a zombie and whether it takes SIGCHLD, from status files.

import { expect, test } from "bun:test";

import { parseReapers, parseRelations } from "../../src/process/relations.ts";

/** A status file; masks as the kernel prints them. SIGCHLD is bit 16. */
function status({ blocked = "0", ignored = "0", caught = "0", tracer = 0, nspid = "4242" } = {}) {
  return [
    "Name:\tSigCgt:\\nSigCgt:\tffffffffffffffff", // As a hostile name comes out.
    "Umask:\t0022",
    "State:\tZ (zombie)",
    "PPid:\t17",
    `TracerPid:\t${tracer}`,
    `NSpid:\t${nspid}`,
    `SigBlk:\t${blocked.padStart(16, "0")}`,
    `SigIgn:\t${ignored.padStart(16, "0")}`,
    `SigCgt:\t${caught.padStart(16, "0")}`,
    "",
  ].join("\n");
}

test("tells whether SIGCHLD is caught, ignored, left at its default or blocked", () => {
  const CHLD = "10000";
  const disposition = (text: string) => {
    const { sigchld, blocked } = parseRelations(text);
    return [sigchld, blocked];
  };
  expect(disposition(status({ caught: CHLD }))).toEqual(["catches", false]);
  expect(disposition(status({ ignored: CHLD }))).toEqual(["ignores", false]);
  expect(disposition(status())).toEqual(["defaults", false]);
  expect(disposition(status({ blocked: CHLD }))).toEqual(["defaults", true]);
  expect(disposition(status({ caught: "fffffffe7ffeffff" }))).toEqual(["defaults", false]);
  expect(disposition("")).toEqual(["unknown", false]);
});

test("tells an init by the PID in its own namespace", () => {
  expect(parseRelations(status({ nspid: "4242\t1" })).init).toBe(true);
  expect(parseRelations(status({ nspid: "1" })).init).toBe(true);
  expect(parseRelations(status({ nspid: "4242\t11" })).init).toBe(false);
  expect(parseRelations(status({ nspid: "1\t7" })).init).toBe(false);
  expect(parseRelations("").init).toBe(false);
});

test("tells who has to reap a zombie, and that it is one", () => {
  expect(parseReapers(status())).toEqual({ parent: 17, tracer: 0 });
  expect(parseReapers(status({ tracer: 99 }))).toEqual({ parent: 17, tracer: 99 });
  expect(parseReapers(status().replace("Z (zombie)", "S (sleeping)"))).toBeUndefined();
  expect(parseReapers("")).toBeUndefined();
});
