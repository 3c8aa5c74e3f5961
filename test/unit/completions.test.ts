// The completions, in step with the option tables, and as each shell takes them.

import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Option, OPTIONS, ZOMBIES_OPTIONS } from "../../src/cli/options.ts";
import { schemaOf } from "../../src/cli/values.ts";
import { DIRECTORY, FILES, valuesOf } from "../../tools/completions.ts";
import { needing } from "../support/needs.ts";
import { until } from "../support/until.ts";

test("docs/completions is made from the option tables as they are", async () => {
  for (const [name, text] of Object.entries(FILES)) {
    expect(await Bun.file(join(DIRECTORY, name)).text()).toBe(text());
  }
});

test("every value that is offered is one that pause takes", () => {
  for (const option of [...OPTIONS, ...ZOMBIES_OPTIONS] as readonly Option[]) {
    const { words = [], more = [] } = valuesOf(option) ?? {};
    const values =
      more.length > 0 ? words.flatMap((one) => more.map((to) => `${one}:${to}`)) : words;
    const refused = values.filter(
      (value) => !schemaOf.argument(option.long).safeParse(value).success,
    );
    expect({ option: option.long, refused }).toEqual({ option: option.long, refused: [] });
  }
});

/** What is typed before Tab, and the arguments that are there after it. */
const TYPED = [
  ["--dr", ["--drain"]],
  ["zom", ["zombies"]],
  ["--log j", ["--log", "json"]],
  ["-p WIN", ["-p", "WINCH"]],
  ["-r TERM:QU", ["-r", "TERM:QUIT"]],
  ["zombies --nu", ["zombies", "--nudge"]],
  ["--watch -- ./wid", ["--watch", "--", "./widget"]],
  ["-- ./widget gad", ["--", "./widget", "gadget"]],
] as const;

/** The same with a further Tab before, which leaves the cursor behind the colon. */
const TWICE = ["-r TE\tQU", ["-r", "TERM:QUIT"]] as const;

/** A folder with a command to complete, and a file for its argument. */
class Bench implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), "pause-completion-"));

  constructor() {
    writeFileSync(join(this.directory, "widget"), "#!/bin/sh\n", { mode: 0o755 });
    writeFileSync(join(this.directory, "gadget"), "");
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true });
  }
}

/** The start of each shell that reads its line from a terminal, without anybody's own settings. */
const SHELLS = {
  bash: ["bash --norc --noprofile -i", `source '${DIRECTORY}/pause.bash'`],
  zsh: ["zsh -f -i", `fpath=('${DIRECTORY}' $fpath); autoload -U compinit; compinit -u -D`],
} as const;

for (const shell of ["bash", "zsh"] as const) {
  const needs = needing("script", ...(shell === "zsh" ? (["zsh"] as const) : []));
  needs(`${shell} completes options, values and, after "--", a command`, async () => {
    using bench = new Bench();
    const [start, setUp] = SHELLS[shell];
    const terminal = Bun.spawn(["script", "-qec", start, "/dev/null"], {
      cwd: bench.directory,
      env: { PATH: process.env["PATH"] ?? "", TERM: "dumb", PS1: "> ", HOME: bench.directory },
      stdio: ["pipe", "pipe", "ignore"],
    });
    try {
      let screen = "";
      void (async () => {
        for await (const chunk of terminal.stdout) screen += Buffer.from(chunk).toString();
      })();
      const type = (text: string) => {
        terminal.stdin.write(text);
        terminal.stdin.flush();
      };
      // In place of pause: says which arguments it was given.
      type(`pause() { printf "<%s>" "$@"; echo; }; ${setUp}; echo re""ady\r`);
      await until("the shell is ready", () => screen.includes("ready"));
      for (const [typed, args] of [...TYPED, TWICE]) {
        screen = "";
        type(`pause ${typed}\t\r`);
        const said = args.map((arg) => `<${arg}>`).join("");
        await until(said, () => screen.includes(said)).catch((failure: Error) => {
          throw new Error(`${failure.message}; there is ${JSON.stringify(screen)}`);
        });
      }
      type("exit\r");
      await terminal.exited;
    } finally {
      terminal.kill("SIGKILL");
    }
  });
}

needing("fish")('fish completes options, values and, after "--", a command', () => {
  using bench = new Bench();
  for (const [typed, args] of TYPED) {
    const script = `source '${DIRECTORY}/pause.fish'; complete -C 'pause ${typed}'`;
    const { stdout } = Bun.spawnSync(["fish", "--no-config", "--command", script], {
      cwd: bench.directory,
      env: { PATH: process.env["PATH"] ?? "", HOME: bench.directory },
    });
    const lines = stdout.toString().split("\n");
    expect(lines.map((line) => line.split("\t")[0])).toContain(args.at(-1) ?? "");
  }
});
