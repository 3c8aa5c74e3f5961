// A short soak, and that a soak can fail. npm run soak does it for longer.

import { expect } from "bun:test";

import { fixture, PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { Random } from "../support/random.ts";
import { soak } from "../support/soak.ts";

const it = needing("namespaces", "perl");

it("10 seconds of storms, signals and stops: nothing is lost, and nothing grows", async () => {
  const seed = Random.seed();
  console.log(`Seed of the soak: PAUSE_TEST_SEED=${seed}`);
  expect(await soak({ executable: PAUSE, seconds: 10, seed })).toMatch(/^\d+ s, \d+ orphans/);
});

it("negative control: a program that reaps nobody fails it", async () => {
  const executable = await fixture("deaf");
  const failing = soak({ executable, seconds: 10, seed: 1, roles: ["parked"] });
  expect(failing).rejects.toThrow(/zombie/);
  await failing.catch(() => undefined);
});
