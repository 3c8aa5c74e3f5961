// When the machine is short of something, or does what machines seldom do.

import { expect } from "bun:test";
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { BURST, EXEC_WITH_CHILD, STORM } from "../support/perl.ts";
import { Running } from "../support/process.ts";
import { until } from "../support/until.ts";

const it = needing("namespaces", "perl");
const asRoot = needing("root", "namespaces", "perl");

const WAYS = [[PAUSE], [PAUSE, "--watch"]] as const;

/** A cgroup of version 1 with a limit, where there is its controller; the rest is removed with it. */
function limited(controller: string, file: string, limit: string) {
  const path = join("/sys/fs/cgroup", controller, `pause-faults-${process.pid}-${Date.now()}`);
  mkdirSync(path);
  writeFileSync(join(path, file), limit);
  const enter = ["sh", "-c", `echo $$ >${path}/cgroup.procs; exec "$@"`, "sh"];
  return {
    enter,
    async [Symbol.asyncDispose]() {
      await until("the cgroup is empty", () => {
        try {
          rmdirSync(path);
          return true;
        } catch {
          return false;
        }
      });
    },
  };
}

asRoot("under a pids limit of 1 it parks, watches, reaps and stops", async () => {
  for (const command of WAYS) {
    await using cgroup = limited("pids", "pids.max", "1");
    // Its child is older than the limit, and in another cgroup.
    await using pause = await Running.start({
      command: ["perl", "-e", EXEC_WITH_CHILD, ...cgroup.enter, ...command],
      init: false,
    });
    for (const pid of pause.childPids()) process.kill(pid, "SIGKILL");
    await pause.childrenGone();
    expect((await pause.stop()).code).toBe(0);
  }
});

asRoot("with a command a pids limit of 2 is enough, and 1 is said to be too few", async () => {
  for (const [limit, code] of [
    ["2", 3],
    ["1", 1],
  ] as const) {
    await using cgroup = limited("pids", "pids.max", limit);
    const command = [...cgroup.enter, PAUSE, "--", "sh", "-c", "exit 3"];
    await using pause = await Running.spawn({ command, init: false });
    const end = await pause.ended();
    expect(end.code).toBe(code);
    if (code === 1) expect(end.stderr).toContain("there may be no more processes");
  }
});

asRoot("under 64 reported processors it has one thread, and waits for its signals", async () => {
  const directory = mkdtempSync(join(tmpdir(), "pause-cpus-"));
  try {
    const file = join(directory, "online");
    writeFileSync(file, "0-63\n");
    const mounts = ["online", "possible"].map(
      (name) => `mount --bind ${file} /sys/devices/system/cpu/${name}`,
    );
    const script = `${mounts.join("; ")}; exec "$@"`;
    for (const command of WAYS) {
      const prefix = ["unshare", "--mount", "sh", "-ec", script, "sh"];
      await using pause = await Running.start({ prefix, command, init: false });
      expect(pause.status().threads).toBe(1);
      expect((await pause.stop()).code).toBe(0);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

asRoot("without access to /proc/self/task it starts, and stops", async () => {
  const empty = mkdtempSync(join(tmpdir(), "pause-empty-"));
  const script = `mount --bind ${empty} /proc/$$/task; exec "$@"`;
  for (const command of WAYS) {
    const prefix = ["unshare", "--mount", "sh", "-ec", script, "sh"];
    await using pause = await Running.start({ prefix, command, init: false });
    expect((await pause.stop()).code).toBe(0);
  }
});

asRoot(
  "the memory limit is hit among its orphans: they are killed and reaped, it is not",
  async () => {
    await using cgroup = limited("memory", "memory.limit_in_bytes", "16M");
    await using pause = await Running.start({ prefix: cgroup.enter });
    const hog = 'my $x = "a" x 60_000_000; sleep 1000';
    for (let count = 0; count < 3; count++) {
      const orphaned = `if (fork == 0) { if (fork == 0) { ${hog} } exit 0 } wait`;
      await pause.inside(...cgroup.enter, "perl", "-e", orphaned).catch(() => ""); // Or it is killed.
      await pause.childrenGone();
    }
    expect((await pause.stop()).code).toBe(0);
  },
);

it("stopped in a storm, it reaps all of it once it is continued", async () => {
  for (const command of WAYS) {
    await using pause = await Running.start({ command });
    const storm = pause.perl(STORM, 1000);
    await Bun.sleep(30); // Whatever has come by now: it goes on.
    pause.kill("SIGSTOP");
    await storm;
    pause.kill("SIGCONT");
    await pause.childrenGone();
    expect((await pause.stop()).code).toBe(0);
  }
});

it("20,000 orphans at once: none is left", async () => {
  for (const command of WAYS) {
    await using pause = await Running.start({ command });
    await Promise.all([1, 2, 3, 4].map(() => pause.perl(BURST, 5000)));
    await pause.childrenGone();
    expect((await pause.stop()).code).toBe(0);
  }
});

asRoot("children that have become another user are reaped", async () => {
  const program = "$) = 1234; $( = 1234; $> = 1234; $< = 1234; ($<) = 1234; exit 0";
  for (const command of WAYS) {
    await using pause = await Running.start({ command });
    await pause.perl(`if (fork == 0) { if (fork == 0) { ${program} } exit 0 } wait`);
    await pause.childrenGone();
    expect((await pause.stop()).code).toBe(0);
  }
});

asRoot("an orphan that is traced is reaped once its tracer lets go", async () => {
  const program = `use POSIX ();
    my $orphan = fork // die;
    if ($orphan == 0) { sleep 1000 }
    if (fork == 0) {
      syscall($ARGV[0] + 0, 0x4206, $orphan, 0, 0) == 0 or die "ptrace: $!"; # PTRACE_SEIZE
      kill KILL => $orphan;
      sleep 1; POSIX::_exit(0); # It never waits for it.
    }
    sleep 0; select undef, undef, undef, 0.2; POSIX::_exit(0);`;
  const ptrace = process.arch === "arm64" ? 117 : 101;
  for (const command of WAYS) {
    await using pause = await Running.start({ command });
    await pause.perl(`if (fork == 0) { ${program} } wait`, ptrace);
    await pause.childrenGone();
    expect((await pause.stop()).code).toBe(0);
  }
});

asRoot("the PIDs come round: an orphan that has an earlier one's is reaped too", async () => {
  const again = `use POSIX ();
    for (1 .. 50) {
      open my $last, ">", "/proc/sys/kernel/ns_last_pid" or die "ns_last_pid: $!";
      syswrite $last, "300"; close $last;
      if (fork == 0) { POSIX::_exit(0) if fork; POSIX::_exit(0) }
      wait;
    }`;
  for (const command of WAYS) {
    await using pause = await Running.start({ command });
    await pause.perl(again);
    await pause.childrenGone();
    expect((await pause.stop()).code).toBe(0);
  }
});

it("a stderr that nobody reads holds up nothing, in a storm of lines", async () => {
  const directory = mkdtempSync(join(tmpdir(), "pause-fifo-"));
  const path = join(directory, "fifo");
  Bun.spawnSync(["mkfifo", path]);
  const stderr = openSync(path, constants.O_RDWR);
  try {
    await using pause = await Running.start({ command: [PAUSE, "-w"], stderr });
    await pause.perl(BURST, 3000); // Some 60 bytes each, into a pipe of 64 kB.
    await pause.childrenGone();
    expect((await pause.stop()).code).toBe(0);
  } finally {
    closeSync(stderr);
    rmSync(directory, { recursive: true });
  }
});

for (const path of ["/dev/full", "closed"]) {
  it(`stderr is ${path}: it reaps and stops all the same`, async () => {
    const script = path === "closed" ? 'exec "$@" 2>&-' : `exec "$@" 2>${path}`;
    for (const options of [[], ["-w"]]) {
      const prefix = ["sh", "-c", script, "sh"];
      await using pause = await Running.start({ prefix, command: [PAUSE, ...options] });
      await pause.perl(BURST, 100);
      await pause.childrenGone();
      expect((await pause.stop()).code).toBe(0);
    }
  });
}
