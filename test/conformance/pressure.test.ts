// When the machine is short of something: processes, processors, memory, room for a line.

import { expect } from "bun:test";
import {
  closeSync,
  constants,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { rootfs } from "../../build.ts";
import { HOST } from "../../tools/architectures.ts";
import { PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { BURST, EXEC_WITH_CHILD, PAGE_OUT, STORM } from "../support/perl.ts";
import { Running } from "../support/process.ts";
import { until } from "../support/until.ts";

const it = needing("namespaces", "perl");
const asRoot = needing("root", "namespaces", "perl", "busybox");

const WAYS = [[PAUSE], [PAUSE, "--watch"]] as const;

/** A cgroup of version 1 with a limit, where there is its controller; the rest is removed with it. */
function limited(controller: string, file: string, limit: string) {
  const path = join("/sys/fs/cgroup", controller, `pause-faults-${process.pid}-${Date.now()}`);
  mkdirSync(path);
  writeFileSync(join(path, file), limit);
  const enter = ["sh", "-c", `echo $$ >${path}/cgroup.procs; exec "$@"`, "sh"];
  return {
    enter,
    read: (name: string) => readFileSync(join(path, name), "utf8"),
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

asRoot("the memory limit is hit as it reaps: others are killed and reaped, it is not", async () => {
  // Awake, in its first second, it is larger than what fits beside it; a kubelet too has the
  // containers of a pod go first.
  for (const [args, first] of [
    [[], []],
    [["--watch"], ["choom", "-n1000", "--"]],
  ] as const) {
    await using cgroup = limited("memory", "memory.limit_in_bytes", "16M");
    await using pause = await Running.start({ prefix: cgroup.enter, command: [PAUSE, ...args] });
    const hog = 'my $x = "a" x 60_000_000; sleep 1000';
    const orphaned = `if (fork == 0) { if (fork == 0) { ${hog} } exit 0 } wait`;
    for (let count = 0; count < 3; count++) {
      const hogs = pause.inside(...cgroup.enter, ...first, "perl", "-e", orphaned);
      await Promise.all([pause.perl(STORM, 200), hogs.catch(() => "")]); // Or it is killed.
      await pause.childrenGone();
    }
    expect(cgroup.read("memory.oom_control")).toMatch(/^oom_kill [3-9]$/m);
    expect((await pause.stop()).code).toBe(0);
  }
});

asRoot("its pages are dropped under it, in a storm: it reads them anew, and goes on", async () => {
  // A root of its own, since what others have mapped too stays in memory.
  const root = mkdtempSync(join(dirname(PAUSE), "cold-"));
  try {
    cpSync(rootfs(HOST), root, { recursive: true });
    cpSync(Bun.which("busybox")!, join(root, "busybox"));
    const files = Array.from(new Bun.Glob("**").scanSync({ cwd: root, absolute: true }));
    mkdirSync(join(root, "proc"));
    const drop = ({ pid }: Running) => {
      const run = (...command: string[]) => Bun.spawnSync(command).stderr.toString();
      expect(run("perl", "-e", PAGE_OUT, String(pid))).toBe("");
      for (const file of files) run("dd", `if=${file}`, "iflag=nocache", "count=0", "status=none");
    };
    const enter = ["sh", "-ec", 'mount --bind /proc "$0/proc"; exec chroot "$0" "$@"', root];
    const sleeps = ["--", "/busybox", "sleep", "1000"];
    for (const [args, code] of [
      [[], 0],
      [["-w"], 0],
      [sleeps, 143],
    ] as const) {
      await using pause = await Running.start({ command: [...enter, "/pause", ...args] });
      let isOver = false;
      const storm = pause.perl(STORM, 500).finally(() => (isOver = true));
      for (let drops = 0; !isOver || drops < 10; drops++) {
        drop(pause);
        await Bun.sleep(1);
      }
      await storm;
      const orphans = () => pause.children() - (code === 0 ? 0 : 1);
      await until("no orphan is left", () => orphans() === 0);
      await until("nothing is left of them", () => {
        drop(pause); // It may have woken meanwhile, to give back what it had.
        return pause.field("RssFile") < 100;
      });
      const before = pause.pagesRead();
      await pause.perl(BURST, 10);
      await until("no orphan is left", () => orphans() === 0);
      // Parked, the kernel reaps, and it does not run.
      if (args.length > 0) expect(pause.pagesRead()).toBeGreaterThan(before);
      drop(pause);
      expect((await pause.stop()).code).toBe(code);
    }
  } finally {
    rmSync(root, { recursive: true });
  }
});

asRoot(
  "its output is on a full disk: no line holds it up, and they come once there is room",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "pause-full-"));
    const [filler, out, log] = ["filler", "out", "log"].map((name) => join(directory, name));
    const script = `mount -t tmpfs -o size=64k full ${directory}; cat /dev/zero >${filler} || true
    exec "$@" >${out} 2>${log}`;
    const full = ["sh", "-ec", script, "sh"];
    try {
      for (const [args, code, logs] of [
        [["--explain"], 0, false],
        [["--explain", "-w"], 0, true],
        [["-w", "--", "sleep", "1000"], 143, true],
      ] as const) {
        await using pause = await Running.start({ prefix: full, command: [PAUSE, ...args] });
        const read = (file = "") => readFileSync(`/proc/${pause.pid}/root${file}`, "latin1");
        const alone = code === 0 ? 0 : 1;
        await pause.perl(BURST, 100);
        await until("no orphan is left", () => pause.children() === alone);
        const echo = pause.inside("dd", "if=/dev/zero", `of=${log}`, "count=1");
        await expect(echo).rejects.toThrow("No space left on device");
        expect(read(out) + read(log)).toBe("");
        if (logs) {
          await pause.inside("rm", filler!);
          await pause.perl(STORM, 1);
          await until("it says so", () => /^Reaped orphan \d+ "perl"/.test(read(log)));
        }
        expect((await pause.stop()).code).toBe(code);
      }
      for (const [args, code] of [
        [["-v"], 1],
        [["zombies"], 3],
      ] as const) {
        const command = [...full.with(2, script.replace(/ 2>.*/, "")), PAUSE, ...args];
        await using pause = await Running.spawn({ command });
        const end = await pause.ended();
        expect(end.stderr).toEndWith("Error: Cannot write to stdout: write failed with ENOSPC\n");
        expect(end.code).toBe(code);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
);

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
