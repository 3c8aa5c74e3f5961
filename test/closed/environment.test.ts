// No variable, file or name of its own changes what the executable does. Each is first shown to
// change what the plain compile of the same program does.

import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import packageJson from "../../package.json" with { type: "json" };
import { lockedRuntime } from "../../tools/runtime.ts";
import { PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { plain } from "../support/plain.ts";
import { Running } from "../support/process.ts";

const traced = needing("strace");
const VERSION = `pause.ts v${packageJson.version}\n`;
const LAST_LINE = "Shutting down, got signal: Terminated\n";

const directory = mkdtempSync(join(tmpdir(), "pause-lures-"));
const lure = join(directory, "lure.js");
const pipe = join(directory, "pipe");
writeFileSync(lure, 'console.log("lured")');
Bun.spawnSync(["mkfifo", pipe]);
afterAll(() => rmSync(directory, { recursive: true }));

type Env = Record<string, string>;

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an executable to its end, which for one that hangs is soon. */
function run(
  command: readonly string[],
  env: Env,
  { cwd = "/", argv0 = command[0] ?? "", timeout = 1000 } = {},
): Outcome {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], {
    env,
    cwd,
    argv0,
    timeout,
    stdin: "ignore",
  });
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** What strace sees of a run, without addresses and times. */
function traceOf(executable: string, env: Env, cwd = "/"): string {
  const file = join(directory, "trace");
  const variables = Object.entries(env).map((entry) => `--env=${entry.join("=")}`);
  const { success, stderr } = Bun.spawnSync(
    ["strace", "-f", "-qq", "-s512", `-o${file}`, ...variables, executable, "-v"],
    { env: {}, cwd, stdin: "ignore" },
  );
  if (!success) throw new Error(`strace ${executable}: ${stderr.toString()}`);
  return readFileSync(file, "latin1");
}

const AS_WITHOUT: Outcome = { code: 0, stdout: VERSION, stderr: "" };

/** Variables whose effect is plain to see: in what is printed, or since it does not end. */
const SEEN: readonly (readonly [env: Env, args: readonly string[]])[] = [
  [{ BUN_BE_BUN: "1" }, ["-e", 'console.log("lured")', "-v"]],
  [{ BUN_OPTIONS: "--version" }, ["-v"]],
  [{ BUN_OPTIONS: `--preload=${lure}` }, ["-v"]],
  [{ BUN_JSC_bogus: "1" }, ["-v"]],
  [{ BUN_JSC_dumpOptions: "2" }, ["-v"]],
  [{ BUN_JSC_useJIT: "0" }, ["-v"]],
  [{ WTF_numberOfProcessorCores: "none" }, ["-v"]],
  [{ NODE_CHANNEL_FD: "none" }, ["-v"]],
  [{ MIMALLOC_VERBOSE: "3" }, ["-v"]],
  [{ mimalloc_verbose: "3" }, ["-v"]],
  [{ TZ: pipe }, ["-v"]],
];

for (const [env, args] of SEEN) {
  test(`${Object.entries(env).join().replace(directory, "/...")} is nothing to it`, async () => {
    expect(run([await plain("src/main.ts"), ...args], env)).not.toEqual(AS_WITHOUT);
    expect(run([PAUSE, ...args], env, { timeout: 20_000 })).toEqual(AS_WITHOUT);
  });
}

/** Variables whose effect is a system call. */
const TRACED: readonly (readonly [env: Env, call: RegExp])[] = [
  [{ BUN_INSPECT: "127.0.0.1:0/lure" }, /\blisten\(/],
  [{ BUN_FEATURE_FLAG_NO_ORPHANS: "1" }, /PR_SET_PDEATHSIG/],
  [{ TZ: lure }, /lure\.js/],
];

for (const [env, call] of TRACED) {
  traced(
    `${Object.entries(env).join().replace(directory, "/...")} makes it do nothing`,
    async () => {
      const calls = (executable: string) =>
        traceOf(executable, env).replace(/^\d+ +execve.*$/m, "");
      expect(call.test(calls(await plain("src/main.ts")))).toBe(true);
      expect(call.test(calls(PAUSE))).toBe(false);
    },
  );
}

/** Every name in the runtime that could be a variable's, and what the loader and libc do not read. */
function everyVariable(): Env {
  const text = readFileSync(lockedRuntime(process.arch === "arm64" ? "arm64" : "x64"), "latin1");
  const env: Env = { CI: "1", HOME: directory, LANG: "de_DE.UTF-8", LC_ALL: "tr_TR", DEBUG: "1" };
  for (const [name] of text.matchAll(/\b[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+/g)) {
    if (name.length > 60 || /^(?:PAUSE|LD|GLIBC|MALLOC)_/.test(name)) continue;
    env[name] = "1";
    if (name.startsWith("JSC_")) env[`BUN_${name}`] = "1";
  }
  return env;
}

test("every name in the runtime at once, as a variable, is nothing to it", async () => {
  const env = everyVariable();
  expect(Object.keys(env).length).toBeGreaterThan(2000);
  for (const name of ["BUN_BE_BUN", "BUN_OPTIONS", "BUN_JSC_useJIT", "BUN_INSPECT", "ICU_DATA"]) {
    expect(env[name]).toBe("1");
  }
  expect(run([await plain("src/main.ts"), "-v"], env)).not.toEqual(AS_WITHOUT);
  expect(run([PAUSE, "-v"], env, { timeout: 20_000 })).toEqual(AS_WITHOUT);
  await using pause = await Running.start({ env });
  expect(await pause.stop()).toMatchObject({ code: 0, stderr: LAST_LINE });
});

traced("with them it makes the calls that it makes without", async () => {
  const path = /^(?:open|access|newfstatat|readlink)/;
  const memory = /^(?:m(?:map|unmap|advise|protect)|brk|read|futex)$/;
  const calls = (env: Env) =>
    Array.from(traceOf(PAUSE, env).matchAll(/^\d+ +(\w+)\((?:[^"\n]*("[^"]*"))?/gm))
      .map(([, call = "", text = ""]) => (path.test(call) ? `${call} ${text}` : call))
      .filter((call) => !memory.test(call));
  expect(calls(everyVariable())).toEqual(calls({}));
});

test("its own variables, those of a command and libc's are still there", async () => {
  await using pause = await Running.start({ env: { PAUSE_WATCH: "1", A: "b" }, init: false });
  expect(readFileSync(`/proc/${pause.pid}/environ`, "utf8")).toBe("PAUSE_WATCH=1\0A=b\0");
  expect((await pause.stop()).stderr).toMatch(/\(sent by pid \d+, uid \d+\)\n$/);
});

test("files in its working directory are nothing to it", async () => {
  const cwd = join(directory, "cwd");
  mkdirSync(join(cwd, "icudt78l"), { recursive: true });
  writeFileSync(join(cwd, ".env"), "PAUSE_WATCH=1\n");
  writeFileSync(join(cwd, "bunfig.toml"), `preload = ["${lure}"]\n`);
  writeFileSync(join(cwd, "package.json"), '{ "type": "bogus", "imports": 1 }\n');
  writeFileSync(join(cwd, "tsconfig.json"), "{ bogus\n");
  writeFileSync(join(cwd, "icudt78l.dat"), "bogus\n");
  expect(run([await plain("src/main.ts"), "-v"], {}, { cwd })).not.toEqual(AS_WITHOUT);
  expect(run([PAUSE, "-v"], {}, { cwd })).toEqual(AS_WITHOUT);
  if (Bun.which("strace") === null) return;
  const opened = /"(?:\.env|bunfig\.toml|package\.json|tsconfig\.json)|icudt|pause-lures/;
  const calls = (executable: string) =>
    traceOf(executable, {}, cwd).replace(/^\d+ +(?:execve|getcwd)\(.*$/gm, "");
  expect(opened.test(calls(await plain("src/main.ts")))).toBe(true);
  expect(opened.test(calls(PAUSE))).toBe(false);
});

test.each(["bun", "bunx", "node", "npx", "sh", ""])("called %j it is pause", (argv0) => {
  expect(run([PAUSE, "-v"], {}, { argv0 })).toEqual(AS_WITHOUT);
});
