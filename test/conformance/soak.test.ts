// A short soak, and that a soak can fail, in each way. npm run soak does it for longer.

import { expect } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { Random } from "../support/random.ts";
import { type Role, soak } from "../support/soak.ts";

const it = needing("namespaces", "perl");

it("10 seconds of storms, signals, stops and ends: nothing is lost, and nothing grows", async () => {
  const seed = Random.seed();
  console.log(`Seed of the soak: PAUSE_TEST_SEED=${seed}`);
  expect(await soak({ executable: PAUSE, seconds: 10, seed })).toMatch(/^\d+ s, \d+ orphans/);
});

const REAPS = `$SIG{CHLD} = "IGNORE"; $SIG{TERM} = sub { exit 0 };`;
const SLEEPS = "sleep 1000 while 1";

/** Programs in place of pause that are all right but for one thing, and what a soak says of it. */
const FAULTY: readonly { what: string; program: string; role: Role; says: RegExp }[] = [
  {
    what: "leaves zombies",
    program: `$SIG{TERM} = sub { exit 0 }; ${SLEEPS}`,
    role: "parked",
    says: /^parked: \d+ is a zombie for over a second$/,
  },
  {
    what: "grows",
    program: `${REAPS} for (;;) { push @kept, "x" x 1000; select undef, undef, undef, 0.01 }`,
    role: "watching",
    says: /^watching: its memory has grown by \d+ kB$/,
  },
  {
    what: "has a second thread",
    program: `use threads; ${REAPS} threads->create(sub { ${SLEEPS} }); ${SLEEPS}`,
    role: "watching",
    says: /^watching: it has a second thread$/,
  },
  {
    what: "loses a SIGTERM",
    program: `${REAPS} $SIG{TERM} = sub {}; ${SLEEPS}`,
    role: "parked",
    says: /^parked: SIGTERM is lost$/,
  },
  {
    what: "forwards ten signals, and no eleventh",
    program: `shift; $child = fork; exec @ARGV if $child == 0; my $left = 10;
      for my $name (qw(HUP USR2 WINCH TERM CONT)) {
        $SIG{$name} = sub { kill $name => $child if $left-- > 0 };
      }
      $SIG{CHLD} = sub { 1 while waitpid(-1, 1) > 0 }; ${SLEEPS}`,
    role: "running",
    says: /^A signal is lost: of 11 the command has got 10$/,
  },
  {
    what: "ends",
    program: `${REAPS} select undef, undef, undef, 1; exit 7`,
    role: "parked",
    says: /^parked: it has ended with 7$/,
  },
];

it("negative controls: a program that is not as it should be fails it, for just that", async () => {
  const directory = mkdtempSync(join(tmpdir(), "pause-faulty-"));
  try {
    const perl = join(directory, "pause"); // A process is called what its file is.
    copyFileSync(Bun.which("perl")!, perl);
    const outcomes = await Promise.all(
      FAULTY.map(({ program, role }, index) => {
        const file = join(directory, String(index));
        writeFileSync(`${file}.pl`, program);
        writeFileSync(file, `#!/bin/sh\nexec ${perl} ${file}.pl "$@"\n`, { mode: 0o755 });
        const soaked = soak({ executable: file, seconds: 4, seed: 1, roles: [role] });
        return soaked.catch((failure: Error) => failure.message);
      }),
    );
    for (const [index, { what, says }] of FAULTY.entries()) {
      expect(outcomes[index], what).toMatch(says);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});
