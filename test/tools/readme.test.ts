// Every command of the README's blocks, run as it stands there.

import { afterAll, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { PAUSE } from "../support/executables.ts";
import { once, pauseArchive, removePodmanCgroups, storage } from "../support/image.ts";
import { type Need, needing } from "../support/needs.ts";

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const scratch = mkdtempSync(join(tmpdir(), "pause-readme-"));

/** podman with storage of its own. */
const podman = once(() =>
  ["podman", ...storage(scratch), `--tmpdir=${scratch}/tmp`, "--events-backend=file"].join(" "),
);

afterAll(() => {
  if (podman.called) {
    Bun.spawnSync(["sh", "-c", `${podman()} pod rm --all --force`]);
    removePodmanCgroups();
  }
  rmSync(scratch, { recursive: true });
});

/** How a command is run here. */
interface Run {
  readonly needs?: readonly Need[];
  /** What stands in for what: a place, a registry, the storage of a tool. */
  readonly place?: () => { readonly [word: string]: string };
  /** What it exits with; 0 unless said otherwise. */
  readonly code?: number;
  /** What it prints, where that is to be seen. */
  readonly prints?: RegExp;
}

/** The service ends by SIGTERM; the job leaves something behind, which says that it was ended. */
const FILES = {
  service: "#!/bin/sh\nkill -TERM $$\n",
  "job.sh": `#!/bin/sh
    (trap 'echo drained; exit' TERM; echo ready >ready; while :; do sleep 0.01; done) &
    until [ -e ready ]; do sleep 0.01; done\n`,
} as const;

/** Each command, without its comment; or the test that runs it, as it takes a terminal or is this. */
const COMMANDS: { readonly [command: string]: Run | string } = {
  "npm run demo": "test/tools/demo.test.ts",
  "npm start": "test/tools/start.test.ts",
  "npm test": ".ci/run",
  "npm run soak": "test/conformance/soak.test.ts",
  "npm run build": "test/tools/build.test.ts",
  "buildah bud -t pause -f Containerfile .": {
    needs: ["buildah"],
    place: () => ({ "buildah bud": `buildah ${storage(scratch).join(" ")} bud` }),
  },
  "podman pod create --infra-image pause --infra-command /pause --share pid,ipc,uts,net": {
    needs: ["root", "buildah", "podman"],
    place: () => ({ podman: podman() }),
    prints: /^[0-9a-f]{64}$/m,
  },
  "install dist/pause /usr/local/bin/": {
    place: () => ({ "dist/pause": PAUSE, "/usr/local/bin/": `${scratch}/` }),
  },
  "pause -- service": { code: 143 },
  "pause -e 143 -- service": {},
  "pause --drain 10 -- ./job.sh": { prints: /^drained$/m },
  "npm run image": "test/tools/image.test.ts",
  "skopeo copy --all oci:dist/image:VERSION docker://registry.example.com/pause:VERSION": {
    needs: ["git", "buildah", "skopeo"],
    place: () => ({
      "oci:dist/image:VERSION": `oci-archive:${pauseArchive()}`,
      "docker://registry.example.com/pause:VERSION": `dir:${scratch}/registry`,
    }),
  },
};

/** What each script of package.json that another test runs is to be found by there. */
const SCRIPTS: { readonly [command: string]: string } = {
  "npm run demo": "tools/demo.ts",
  "npm start": "npm start",
  "npm test": "npm test",
  "npm run soak": "support/soak.ts",
  "npm run build": "build.ts",
  "npm run image": "clone.ts",
};

const commands = Array.from(readme.matchAll(/^```sh\n(.*?)^```$/gms))
  .flatMap(([, block = ""]) => block.trimEnd().split("\n"))
  .map((line) => line.replace(/ +# .*$/, ""));

test("every command of the README is in the table, and no other", () => {
  expect(commands).toEqual(Object.keys(COMMANDS));
});

for (const command of commands) {
  const run = COMMANDS[command];
  if (typeof run === "string") {
    test(`README: ${command}, by ${run}`, async () => {
      const text = await Bun.file(join(root, run)).text();
      expect(text).toContain(SCRIPTS[command] ?? "");
    });
    continue;
  }
  const { needs = [], place, code = 0, prints = /(?:)/ } = run ?? {};
  needing(...needs)(`README: ${command}`, () => {
    const directory = join(scratch, "folder");
    prepare(directory);
    let line = command;
    for (const [word, value] of Object.entries(place?.() ?? {})) line = line.replace(word, value);
    const { exitCode, stdout, stderr } = Bun.spawnSync(["sh", "-c", line], {
      cwd: directory,
      env: { ...process.env, PATH: `${directory}:${dirname(PAUSE)}:${process.env["PATH"]}` },
    });
    expect({ exitCode, stderr: stderr.toString() }).toMatchObject({ exitCode: code });
    expect(stdout.toString()).toMatch(prints);
  });
}

/** A folder with what the commands expect to find. */
function prepare(directory: string): void {
  for (const name of ["Containerfile", "dist/rootfs-amd64", "dist/rootfs-arm64"]) {
    const from = join(root, name);
    const there = [...new Bun.Glob(name).scanSync({ cwd: root, onlyFiles: false })].length > 0;
    if (there) cpSync(from, join(directory, name), { recursive: true });
  }
  for (const [name, text] of Object.entries(FILES)) {
    writeFileSync(join(directory, name), text, { mode: 0o755 });
  }
}
