// What pause does with a command: run it, and end as it did.

import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Signal } from "../../src/libc/abi.ts";
import { quote } from "../../src/log.ts";
import { PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { injecting, Running, runPause } from "../support/process.ts";
import { until } from "../support/until.ts";

/** The codes that a command can exit with. */
const CODES = Array.from({ length: 256 }, (_, code) => code);

/** Does something for each item, some at a time. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
}

test("it exits with each code that a command exits with", () =>
  forEach(CODES, async (code) => {
    expect(await runPause("--", "sh", "-c", `exit ${code}`)).toMatchObject({ code, stderr: "" });
  }));

test("it exits with 0 for each code that is mapped, and with another where that is said", () =>
  forEach(CODES, async (code) => {
    const to = (code + 100) % 256;
    const other = `${(code + 1) % 256}:77`;
    const run = ["--", "sh", "-c", `exit ${code}`];
    expect((await runPause("-e", other, "-e", `${code}`, ...run)).code).toBe(0);
    expect((await runPause("-e", `${code}:1`, `--map-exit=${code}:${to}`, ...run)).code).toBe(to);
  }));

test("it exits with 128 + n for each signal n that ends a command, which can be mapped", async () => {
  const ignoredByDefault: readonly number[] = [
    Signal.SIGCHLD,
    Signal.SIGCONT,
    Signal.SIGURG,
    Signal.SIGWINCH,
    Signal.SIGSTOP,
    Signal.SIGTSTP,
    Signal.SIGTTIN,
    Signal.SIGTTOU,
  ];
  const deadly = Object.values(Signal).filter((signal) => !ignoredByDefault.includes(signal));
  await forEach([...deadly, 34, 64], async (signal) => {
    const run = ["--", "sh", "-c", `ulimit -c 0; kill -${signal} $$`];
    expect((await runPause(...run)).code).toBe(128 + signal);
    expect((await runPause("-e", `${128 + signal}`, ...run)).code).toBe(0);
  });
});

test("a command that cannot be run: 127 where it is not found, else 126, and it says why", async () => {
  const directory = mkdtempSync(join(tmpdir(), "pause-run-"));
  const file = join(directory, "file");
  try {
    writeFileSync(file, "#!/no/such/interpreter\n");
    symlinkSync("loop", join(directory, "loop"));
    const cases: readonly (readonly [string, number, string])[] = [
      ["no-such-command", 127, "it is not found, or the interpreter that it names is not"],
      [join(directory, "nothing"), 127, "it is not found"],
      ["", 127, "it is not found"],
      [directory, 126, "it is not an executable file, or may not be executed"],
      [file, 126, "it is not an executable file, or may not be executed"],
      [`${file}/below`, 126, "execvp failed with ENOTDIR"],
      [join(directory, "loop"), 126, "execvp failed with ELOOP"],
      ["x".repeat(5000), 126, "execvp failed with ENAMETOOLONG"],
    ];
    for (const [command, code, reason] of cases) {
      const end = await runPause("--", command, "argument");
      expect(end).toMatchObject({ code, stdout: "" });
      expect(end.stderr).toStartWith(`Error: Cannot run ${quote(command)}: `);
      expect(end.stderr).toContain(reason);
      expect(end.stderr.split("\n")).toHaveLength(2);
    }
    const interpreter = await runPause(
      "--",
      "sh",
      "-c",
      `chmod +x ${file}; exec ${PAUSE} -- ${file}`,
    );
    expect(interpreter.code).toBe(127);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a script without an interpreter is run by a shell, as execvp does", async () => {
  const directory = mkdtempSync(join(tmpdir(), "pause-run-"));
  try {
    const script = join(directory, "script");
    writeFileSync(script, 'echo "$# $1 $2"; exit 9\n', { mode: 0o755 });
    const many = Array.from({ length: 20_000 }, (_, index) => `${index}`);
    const end = await runPause("--", script, ...many);
    expect(end).toEqual({ code: 9, stdout: "20000 0 1\n", stderr: "" });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("arguments come through as bytes, and those after -- are the command's", async () => {
  const bytes = await runPause(
    "--",
    "sh",
    "-c",
    `exec ${PAUSE} -- printf %s "$(printf '\\377\\376x')" | od -An -tx1`,
  );
  expect(bytes.stdout.trim()).toBe("ff fe 78");
  const empty = await runPause("--", "sh", "-c", 'echo "$#:$1:$2:$3"', "sh", "", "-v", "--");
  expect(empty).toEqual({ code: 0, stdout: "3::-v:--\n", stderr: "" });
  const version = await runPause("--", "echo", "--version", "-V");
  expect(version).toEqual({ code: 0, stdout: "--version -V\n", stderr: "" });
});

test("a mistake in its own arguments or variables is refused with 2, and nothing is run", async () => {
  const cases: readonly (readonly [readonly string[], Record<string, string>, string])[] = [
    [["--bogus"], {}, 'Error: Unknown argument "--bogus"; see "pause --help"'],
    [["--gruop"], {}, 'Error: Unknown argument "--gruop"; did you mean "--group"?'],
    [["echo"], {}, 'Error: Unknown argument "echo"; a command comes after "--"'],
    [["-e", "TERM"], {}, 'did you mean "143"?'],
    [["-r", "TERM:BOGUS"], {}, 'none: "TERM:BOGUS"'],
    [["-p", "SIGTREM"], {}, 'did you mean "TERM"?'],
    [["--drain=-3"], {}, 'did you mean "0"?'],
    [[], { PAUSE_DRAIN: "x" }, 'Error: Variable PAUSE_DRAIN takes seconds, 0 or more: "x"'],
    [[], { PAUSE_GROUP: "maybe" }, 'Error: Variable PAUSE_GROUP takes yes or no: "maybe"'],
    [[], { PAUSE_LOG: "xml" }, 'Error: Variable PAUSE_LOG takes text or json: "xml"'],
  ];
  for (const [options, env, complaint] of cases) {
    const command = [PAUSE, ...options, "--", "echo", "ran"];
    await using pause = await Running.spawn({
      command,
      init: false,
      env: { ...process.env, ...env } as Record<string, string>,
    });
    const end = await pause.ended();
    expect(end).toMatchObject({ code: 2, stdout: "" });
    expect(end.stderr).toContain(complaint);
  }
});

test("stdin, stdout, stderr and the environment are the command's, and no other descriptor", async () => {
  const piped = Bun.spawn(
    [PAUSE, "--", "sh", "-c", "cat; echo error >&2; ls /proc/self/fd | wc -l"],
    {
      stdio: [new Blob(["through a pipe\n"]), "pipe", "pipe"],
    },
  );
  expect(await new Response(piped.stderr).text()).toBe("error\n");
  expect(await new Response(piped.stdout).text()).toBe("through a pipe\n4\n");
  const given = await runPause(
    "--",
    "sh",
    "-c",
    `exec 7</dev/null; exec ${PAUSE} -- ls /proc/self/fd`,
  );
  expect(given.stdout.split("\n")).toEqual(["0", "1", "2", "3", "7", ""]); // 3 is that of ls.
  const env = Bun.spawnSync([PAUSE, "--", "env"], { env: { ONE: "1", PAUSE_GROUP: "yes" } });
  expect(env.stdout.toString()).toBe("ONE=1\nPAUSE_GROUP=yes\n");
  expect(Bun.spawnSync([PAUSE, "--", "/usr/bin/env"], { env: {} }).stdout.toString()).toBe("");
});

test("the command has the working directory, the limits and the group of its own; pause is at /", async () => {
  const command = [PAUSE, "--", "sh", "-c", "pwd; ulimit -Sn; cat /proc/self/stat; exec sleep 100"];
  await using pause = await Running.start({
    command: ["sh", "-c", 'ulimit -Sn 300; exec "$@"', "sh", ...command],
    init: false,
  });
  const child = await until("its command is there", () => pause.childPids()[0]);
  expect(readFileSync(`/proc/${child}/stat`, "latin1").split(" ")[4]).toBe(`${child}`);
  expect(Bun.spawnSync(["readlink", `/proc/${pause.pid}/cwd`]).stdout.toString()).toBe("/\n");
  const { code, stdout } = await pause.stop();
  expect(code).toBe(143);
  expect(stdout.split("\n").slice(0, 2)).toEqual([process.cwd(), "300"]);
});

needing("perl")(
  "the command has the mask and the ignored signals that pause was started with",
  () => {
    const started = `use POSIX;
    my ($blocked, $ignored, @command) = @ARGV;
    sigprocmask(SIG_BLOCK, POSIX::SigSet->new(split /,/, $blocked));
    sigaction($_, POSIX::SigAction->new("IGNORE")) for split /,/, $ignored;
    exec @command;
  `;
    const masks = ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"];
    const cases = [
      ["", ""],
      ["2,15,17", ""],
      ["1,10,12,18,20,28,34,40,64", "1,2,10,15"],
      ["25", "13,25"],
      ["", "13"],
      ["", "17"],
      ["", "1,2,3,10,12,13,14,15,16,17,18,20,21,22,23,24,25,26,27,28,29"],
    ];
    for (const [blocked = "", ignored = ""] of cases) {
      const run = (...command: string[]) =>
        Bun.spawnSync(["perl", "-e", started, blocked, ignored, ...command]).stdout.toString();
      expect({ blocked, ignored, masks: run(PAUSE, "--", ...masks) }).toEqual({
        blocked,
        ignored,
        masks: run(...masks),
      });
    }
  },
);

const FAULTS = [
  ["prctl:error=EINVAL", "it cannot become a subreaper", "prctl failed with EINVAL"],
  [
    "clone:error=EAGAIN",
    "there may be no more processes",
    "there may be no more processes (a limit",
  ],
  [
    "rt_sigtimedwait:error=ENOSYS",
    "it cannot wait for signals",
    "the kernel does not let pause wait",
  ],
] as const;

for (const [fault, what, reason] of FAULTS) {
  needing("strace")(`where ${what}, that is an error, and nothing is run`, () => {
    const strace = ["strace", "-f", "-qq", ...injecting(fault)];
    const { exitCode, stdout, stderr } = Bun.spawnSync([...strace, PAUSE, "--", "echo", "ran"]);
    expect({ exitCode, stdout: stdout.toString() }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr.toString()).toStartWith('Error: Cannot run "echo": ');
    expect(stderr.toString()).toContain(reason);
  });
}

test("a command that ends at once is seen to end, 200 times", () =>
  forEach(Array.from({ length: 200 }).keys().toArray(), async () => {
    expect((await runPause("--", "false")).code).toBe(1);
  }));

test("--explain says that it waits in JavaScript", async () => {
  expect((await runPause("--explain", "--", "true")).stdout).toBe(
    "Rung: waits in JavaScript\nBecause: it runs a command\n",
  );
});
