// docs/deploy/seccomp.json in the runtimes that load it: it holds, and is enough.

import { afterAll, expect } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { seccompProfile } from "../../tools/seccomp.ts";
import { needing } from "../support/needs.ts";
import { readStat } from "../support/process.ts";
import { until } from "../support/until.ts";

const rootfs = join(import.meta.dirname, "../../dist/rootfs");
const scratch = mkdtempSync(join(tmpdir(), "pause-profile-"));
afterAll(() => rmSync(scratch, { recursive: true }));

type Profile = ReturnType<typeof seccompProfile>;

/** crun refuses a cgroup v2 that is mounted beside v1. */
const WITHOUT_UNIFIED = existsSync("/sys/fs/cgroup/unified")
  ? ["unshare", "-m", "--propagation", "private", "sh", "-c"].concat(
      'umount /sys/fs/cgroup/unified; exec "$@"',
      "sh",
    )
  : [];

/** Makes a bundle of the image's root, and runs it. */
function run(runtime: string, name: string, profile: Profile, noNewPrivileges: boolean) {
  const none = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };
  const bundle = join(scratch, name);
  mkdirSync(bundle);
  const config = {
    ociVersion: "1.0.2",
    root: { path: rootfs, readonly: true },
    process: {
      terminal: false,
      user: { uid: 65535, gid: 65535 },
      args: ["/pause"],
      env: [],
      cwd: "/",
      noNewPrivileges,
      capabilities: none,
    },
    mounts: [{ destination: "/proc", type: "proc", source: "proc" }],
    linux: {
      seccomp: profile,
      namespaces: ["pid", "ipc", "uts", "mount", "network"].map((type) => ({ type })),
    },
  };
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  const command = [runtime, `--root=${join(scratch, runtime)}`];
  const child = Bun.spawn(
    [...(runtime === "crun" ? WITHOUT_UNIFIED : []), ...command, "run", `--bundle=${bundle}`, name],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const call = (...args: readonly string[]) => Bun.spawnSync([...command, ...args]);
  return { child, call };
}

for (const runtime of ["runc", "crun"] as const) {
  const it = needing("root", runtime);

  for (const noNewPrivileges of [true, false]) {
    it(`${runtime}, no_new_privileges ${noNewPrivileges}: it parks, locks itself in and stops`, async () => {
      const name = `pause-profile-${process.pid}-${noNewPrivileges}`;
      const { child, call } = run(runtime, `${name}-${runtime}`, seccompProfile(), noNewPrivileges);
      const pid = await until("it runs", () => {
        const state = JSON.parse(call("state", `${name}-${runtime}`).stdout.toString() || "{}");
        return state.status === "running" ? (state.pid as number) : undefined;
      });
      await until("it waits, with the profile's filter and its own", () => {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        return readStat(pid)?.name === "pause" && /^Seccomp_filters:\t2$/m.test(status);
      });
      call("kill", `${name}-${runtime}`, "TERM");
      expect(await child.exited).toBe(0);
      expect(await new Response(child.stderr).text()).toBe(
        "Shutting down, got signal: Terminated\n",
      );
    });
  }

  it(`${runtime}: negative control: without one of the calls it does not start`, async () => {
    const profile = seccompProfile();
    const syscalls = profile.syscalls.map((rule) => ({
      ...rule,
      names: rule.names.filter((name) => name !== "mmap"),
    }));
    const name = `pause-profile-${process.pid}-short-${runtime}`;
    const { child } = run(runtime, name, { ...profile, syscalls }, true);
    expect(await child.exited).not.toBe(0);
  });
}
