// docs/troubleshooting.md: each of its rows brought about, and compared with what is really said.

import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PAUSE } from "../support/executables.ts";
import { memoryCgroup, type Need, needing } from "../support/needs.ts";
import { injecting, Running } from "../support/process.ts";

const document = readFileSync(join(import.meta.dirname, "../../docs/troubleshooting.md"), "utf8");

/** What brings a row about. */
interface Cause {
  readonly needs?: readonly Need[];
  /** For the shell, in a folder of its own, with the executable in $PAUSE. */
  readonly script: string;
  /** A fault for pause, in the syntax of strace's `inject`. */
  readonly fault?: string;
  /** It stays, and is ended by SIGTERM. */
  readonly stays?: true;
}

/** The beginning of the executable, which is all of it that execve(2) looks at here. */
const HEAD = `head -c 4096 "$PAUSE" >file; chmod 0755 file`;

/** For a VAX: e_machine in elf(5), which no emulator is registered for. */
const FOREIGN = `${HEAD}; printf '\\113' | dd of=file bs=1 seek=18 conv=notrunc status=none`;

const LOADERS = "/lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1";

/**
 * Refuses to make memory executable, as MemoryDenyWriteExecute= does: PR_SET_MDWE of prctl(2). Before
 * Linux 6.3 there is none, and what is left is the other reason for the same message.
 */
const DENY = `my $prctl = {x86_64 => 157, aarch64 => 167}->{(POSIX::uname())[4]};
  syscall($prctl, 65, 1, 0, 0, 0) == 0 or exit 99; exec @ARGV; BEGIN { require POSIX }`;

/** By the exit code and the beginning of the message. */
const CAUSES: { readonly [row: string]: Cause } = {
  "126 ...: Exec format error": { script: `${FOREIGN}; ./file` },
  "127 ...: not found": {
    needs: ["root", "busybox"],
    script: `${HEAD}; cp "$(command -v busybox)" .; chroot . /busybox sh -c '/file; exit $?'`,
  },
  "126 ...: Permission denied": {
    needs: ["root"],
    script: `unshare --mount sh -c 'mount -t tmpfs -o noexec none "$0" && cd "$0" && ${HEAD}; ./file' "$PWD"`,
  },
  "127 ...: error while loading shared libraries: ...": {
    needs: ["root"],
    script: `cp "$PAUSE" .; cp --parents --dereference ${LOADERS} . 2>/dev/null; chroot . /pause`,
  },
  "132 oh no: pause has crashed": {
    needs: ["root"],
    script: `unshare --pid --fork --mount sh -c 'mount -t tmpfs none /proc; exec "$PAUSE"'`,
  },
  "134 oh no: pause has crashed": { script: 'ulimit -v 300000; "$PAUSE"' },
  "139 Segmentation fault": { script: 'ulimit -c 0; ulimit -v 100000; "$PAUSE"' },
  "1 Bun v": { script: 'ulimit -s 100; "$PAUSE"' },
  "1 error: bun ran out of file descriptors": { script: 'ulimit -n 4; "$PAUSE"' },
  "1 Error: Cannot block signals: Cannot call libc": {
    needs: ["perl"],
    script: `perl -e '${DENY}' "$PAUSE" || { [ $? = 99 ] || exit; ulimit -v 1000000; "$PAUSE"; }`,
  },
  "1 Error: Cannot block signals: sigprocmask failed": {
    script: '"$PAUSE"',
    fault: "rt_sigprocmask:error=EPERM",
  },
  "137 Killed": {
    needs: ["root", "memory cgroup"],
    script: `group=$CGROUP/pause-too-small-$$; mkdir $group; echo 1000000 >$group/$LIMIT
      echo 0 2>/dev/null >$group/memory.swap.max
      sh -c 'echo $$ >"$0/cgroup.procs"; exec "$PAUSE" -v' $group; code=$?
      until rmdir $group; do sleep 0.01; done; exit $code`,
  },
  "0 Warning: pause should be the first process": { script: 'exec "$PAUSE"', stays: true },
  '0 Warning: Unknown argument "sleep"': { script: 'exec "$PAUSE" sleep 60', stays: true },
  '0 Warning: Unknown argument "--wacth"': { script: 'exec "$PAUSE" --wacth', stays: true },
  '0 Warning: Unknown argument "zombie"': { script: 'exec "$PAUSE" zombie', stays: true },
  "0 Warning: No command": { script: 'exec "$PAUSE" -- $NOTHING', stays: true },
  "0 Warning: Variable PAUSE_WATCH": { script: 'PAUSE_WATCH=2 exec "$PAUSE"', stays: true },
  "0 Warning: Cannot execute": { script: 'ulimit -n 5; exec "$PAUSE"', stays: true },
  '0 Warning: Option "--drain"': { script: 'exec "$PAUSE" --drain 5', stays: true },
  "1 Error: Cannot become a subreaper": { script: '"$PAUSE" -s', fault: "prctl:error=EPERM" },
  "15 Warning: Cannot wait for signals": {
    script: 'exec "$PAUSE" -s',
    fault: "rt_sigtimedwait:error=EPERM",
    stays: true,
  },
  '127 Error: Cannot run "servce"': { script: '"$PAUSE" -- servce' },
  '126 Error: Cannot run "/tmp"': { script: '"$PAUSE" -- /tmp' },
  '127 Error: Cannot run "ls -l"': { script: '"$PAUSE" -- "ls -l"' },
  '126 Error: Cannot run "./file"': { script: 'ln -s file file; "$PAUSE" -- ./file' },
  "2 ...: 1: Syntax error": { script: `${FOREIGN}; "$PAUSE" -- ./file` },
  '1 Error: Cannot run "true": there may be': {
    script: '"$PAUSE" -- true',
    fault: "clone:error=EAGAIN",
  },
  '1 Error: Cannot run "true": it takes more': { script: 'ulimit -n 5; "$PAUSE" -- true' },
  '1 Error: Cannot run "true": pause cannot become': {
    script: '"$PAUSE" -- true',
    fault: "prctl:error=EPERM",
  },
  '1 Error: Cannot run "true": it is refused': {
    script: '"$PAUSE" -- true 9</dev/null', // Which it is to hand on.
    fault: "fcntl:error=EPERM",
  },
  '1 Error: Cannot run "true": the kernel does not': {
    script: '"$PAUSE" -- true',
    fault: "rt_sigtimedwait:error=EPERM",
  },
  '2 Error: Unknown argument "--wacth"': { script: '"$PAUSE" --wacth -- true' },
  '2 Error: Option "--drain" takes': { script: '"$PAUSE" --drain 10s -- true' },
  '2 Error: Option "-e" takes': { script: '"$PAUSE" -e TERM -- true' },
  "2 Error: Variable PAUSE_DRAIN takes": { script: 'PAUSE_DRAIN=ten "$PAUSE" -- true' },
  "1 Error: Cannot write to stdout": { script: '"$PAUSE" --help >/dev/full' },
  "3 Error: Cannot write to stdout": { script: '"$PAUSE" zombies >/dev/full' },
};

/** The rows: exit code and message, without the backticks. */
const rows = Array.from(
  document.matchAll(/^\| (?:`([^`]+)`.*?|(nothing)) +\| (\d+) +\|/gm),
  ([, message, nothing, code]) => ({ message: message ?? nothing ?? "", code: Number(code) }),
);

const causeOf = ({ message, code }: (typeof rows)[number]) =>
  Object.entries(CAUSES).filter(([row]) => `${code} ${message}`.startsWith(row));

test("every row has a cause, and every cause a row", () => {
  expect(rows.length).toBe(document.match(/^\| .* \| \d+ +\|/gm)?.length ?? 0);
  for (const row of rows) expect({ row, causes: causeOf(row).length }).toEqual({ row, causes: 1 });
  expect(rows.length).toBe(Object.keys(CAUSES).length);
});

const scratch = mkdtempSync(join(tmpdir(), "pause-trouble-"));
afterAll(() => rmSync(scratch, { recursive: true }));

async function bringAbout({ script, fault, stays }: Cause, directory: string) {
  const { path = "", limit = "" } = memoryCgroup() ?? {};
  const env = { ...(process.env as Record<string, string>), PAUSE, CGROUP: path, LIMIT: limit };
  const strace = fault === undefined ? undefined : injecting(fault);
  if (stays) {
    await using pause = await Running.start({
      command: ["sh", "-c", script],
      init: false,
      env,
      ...(strace && { strace }),
    });
    return await pause.stop();
  }
  const traced = `strace -f -qq ${strace?.join(" ")} `;
  const line = strace ? script.replace('"$PAUSE"', `${traced}"$PAUSE"`) : script;
  // A shell around it, which makes a code of a signal.
  const child = Bun.spawn(["sh", "-c", `(${line}); exit $?`], {
    cwd: directory,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const stderr = await new Response(child.stderr).text();
  return { code: await child.exited, stderr };
}

for (const row of rows) {
  const { message, code } = row;
  const [, cause] = causeOf(row)[0] ?? [];
  if (cause === undefined) continue;
  const needs = [...(cause.needs ?? []), ...(cause.fault ? (["strace"] as const) : [])];
  needing(...needs)(`exit code ${code}, and: ${message}`, async () => {
    const directory = join(scratch, String(rows.indexOf(row)));
    mkdirSync(directory);
    const end = await bringAbout(cause, directory);
    const said = end.stderr.split("\n").filter((line) => line !== "");
    if (message === "nothing") expect(said).toEqual([]);
    else expect(said).toContainEqual(expect.stringMatching(patternOf(message)));
    expect({ code: end.code, said }).toEqual({ code, said });
  });
}

/** A whole line, in which "..." stands for anything. */
function patternOf(message: string): RegExp {
  const parts = message.split("...").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}
