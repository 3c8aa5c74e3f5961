// The image, in real container runtimes.

import { afterAll, describe, expect } from "bun:test";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import packageJson from "../../package.json" with { type: "json" };
import { needing } from "../support/needs.ts";
import { childrenOf, readStat } from "../support/process.ts";
import { until } from "../support/until.ts";

const root = join(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "pause-image-"));
const IMAGE = "localhost/pause:test";
const BUSYBOX = "localhost/busybox:test";

/** Storage of its own, so that the machine's images and containers stay as they are. */
const STORAGE = [
  `--root=${join(scratch, "root")}`,
  `--runroot=${join(scratch, "run")}`,
  "--storage-driver=vfs",
];

/** Runs a command to its end; returns its stdout without the last line break. */
function run(...command: readonly string[]): string {
  const { success, exitCode, stdout, stderr } = Bun.spawnSync([...command], {
    cwd: root,
    env: { ...process.env, CONTAINERS_CONF: join(import.meta.dirname, "containers.conf") },
  });
  if (!success) throw new Error(`${command.join(" ")}: exit ${exitCode}: ${stderr.toString()}`);
  return stdout.toString().trim();
}

const buildah = (...args: readonly string[]) => run("buildah", ...STORAGE, ...args);
const podman = (...args: readonly string[]) => run("podman", ...STORAGE, ...args);

/** Does something the first time it is wanted: a test that skips wants nothing. */
function once<T>(make: () => T): { (): T; readonly called: boolean } {
  let made: { value: T } | undefined;
  const get = () => (made ??= { value: make() }).value;
  return Object.defineProperty(get, "called", { get: () => made !== undefined }) as never;
}

/** Whether a process waits with the runtime unmapped; its memory is in kB. */
function hasParked(pid: number): boolean {
  const size = /^VmSize:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return readStat(pid)?.name === "pause" && Number(size) < 10_000;
}

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  // podman leaves its parent cgroup behind; with something in it, it is not ours.
  for (const controller of readdirSync("/sys/fs/cgroup")) {
    const parent = join("/sys/fs/cgroup", controller, "libpod_parent");
    if (existsSync(parent)) Bun.spawnSync(["find", parent, "-depth", "-type", "d", "-delete"]);
  }
});

describe("under runc", () => {
  const it = needing("root", "buildah", "runc");
  const bundle = join(scratch, "bundle");
  const container = once(() => {
    buildah("bud", "--quiet", "--tag", IMAGE, "--file", "Containerfile", ".");
    return buildah("from", IMAGE);
  });
  const rootfs = once(() => buildah("mount", container()));

  afterAll(() => {
    if (container.called) buildah("rm", container());
  });

  /** A bundle like the one containerd makes for a sandbox. */
  function writeBundle(uid: number, args: readonly string[]): void {
    const noCapability = {
      bounding: [],
      effective: [],
      permitted: [],
      inheritable: [],
      ambient: [],
    };
    const config = {
      ociVersion: "1.0.2",
      root: { path: rootfs(), readonly: true },
      process: {
        terminal: false,
        user: { uid, gid: uid },
        args,
        env: [],
        cwd: "/",
        noNewPrivileges: true,
        capabilities: noCapability,
      },
      mounts: [{ destination: "/proc", type: "proc", source: "proc" }],
      linux: {
        namespaces: ["pid", "ipc", "uts", "mount", "network"].map((type) => ({ type })),
        maskedPaths: ["/proc/kcore", "/proc/keys", "/proc/timer_list"],
        readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys"],
      },
    };
    mkdirSync(bundle, { recursive: true });
    writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  }

  const runc = (...args: readonly string[]) => ["runc", `--root=${join(scratch, "runc")}`, ...args];
  const runBundle = (name: string) =>
    Bun.spawn(runc("run", "--bundle", bundle, name), { stdio: ["ignore", "pipe", "pipe"] });

  it("the image says who runs it, and what", () => {
    container();
    const { OCIv1 } = JSON.parse(buildah("inspect", "--type", "image", IMAGE));
    expect(OCIv1.config).toMatchObject({ User: "65535:65535", Entrypoint: ["/pause"] });
    expect(OCIv1.config.Cmd).toBeUndefined();
  });

  for (const uid of [0, 999, 65535, 1000680000]) {
    it(`UID ${uid}, read-only, no capability, empty environment: it parks, and stops on TERM with 0`, async () => {
      writeBundle(uid, ["/pause"]);
      const name = `pause-test-${process.pid}-${uid}`;
      const child = runBundle(name);
      const state = () => Bun.spawnSync(runc("state", name)).stdout.toString();
      const pid = await until("it runs", () => {
        const { status, pid } = JSON.parse(state() || "{}");
        return status === "running" ? (pid as number) : undefined;
      });
      await until(
        "it waits",
        () => readStat(pid)?.name === "pause" && readStat(pid)?.state === "S",
      );
      run(...runc("kill", name, "TERM"));
      expect(await child.exited).toBe(0);
      expect(await new Response(child.stderr).text()).toBe(
        "Shutting down, got signal: Terminated\n",
      );
    });
  }

  it("-v under UID 999 prints the version, as kubeadm's job wants it", async () => {
    writeBundle(999, ["/pause", "-v"]);
    const child = runBundle(`pause-test-${process.pid}-v`);
    expect(await new Response(child.stdout).text()).toBe(`pause.ts v${packageJson.version}\n`);
    expect(await child.exited).toBe(0);
  });
});

describe("under podman", () => {
  const it = needing("root", "podman", "busybox");

  const images = once(() => {
    podman("build", "--quiet", "--tag", IMAGE, "--file", "Containerfile", ".");
    const context = join(scratch, "busybox");
    mkdirSync(context);
    copyFileSync(Bun.which("busybox") ?? "", join(context, "busybox"));
    writeFileSync(
      join(context, "Containerfile"),
      'FROM scratch\nCOPY busybox /bin/\nRUN ["/bin/busybox", "ln", "-s", "busybox", "/bin/sh"]\n',
    );
    podman("build", "--quiet", "--network=none", "--tag", BUSYBOX, context);
  });

  it("a plain container, with as little as there is: it parks, and stop ends it with 0", async () => {
    images();
    const limits = ["--read-only", "--cap-drop=all", "--pids-limit=1", "--memory=16m"];
    const options = [...limits, "--security-opt=no-new-privileges", "--network=none"];
    const id = podman("run", "--detach", ...options, IMAGE);
    const pid = Number(podman("inspect", "--format={{.State.Pid}}", id));
    await until("it has parked", () => hasParked(pid));
    podman("stop", "--time=20", id);
    const state = podman("inspect", "--format={{.State.ExitCode}} {{.State.OOMKilled}}", id);
    const log = run("sh", "-c", '"$@" 2>&1', "sh", "podman", ...STORAGE, "logs", id);
    podman("rm", "--force", id);
    expect(state).toBe("0 false");
    expect(log).toBe("Shutting down, got signal: Terminated");
  });

  it("a pod with a shared PID namespace: what another container orphans is reaped", async () => {
    images();
    const shared = ["--network=none", "--share=pid,ipc,uts,net"];
    const infraOptions = [`--infra-image=${IMAGE}`, "--infra-command=/pause"];
    const pod = podman("pod", "create", ...shared, ...infraOptions);
    // Fifty orphans, living until they are told to end, and a container that goes on.
    const orphan = "(/bin/busybox sleep 1000 &)";
    const script = `for i in $(/bin/busybox seq 50); do ${orphan}; done; exec /bin/busybox sleep 2000`;
    podman("run", "--detach", `--pod=${pod}`, BUSYBOX, "/bin/sh", "-c", script);
    const infra = podman("pod", "inspect", "--format={{.InfraContainerID}}", pod);
    const pid = Number(podman("inspect", "--format={{.State.Pid}}", infra));
    await until("pause has adopted 50 orphans", () => childrenOf(pid).length === 50);
    for (const child of childrenOf(pid)) process.kill(child, "SIGKILL");
    await until("no orphan is left", () => childrenOf(pid).length === 0);
    podman("pod", "stop", "--time=20", pod);
    const code = podman("inspect", "--format={{.State.ExitCode}}", infra);
    podman("pod", "rm", "--force", pod);
    expect(code).toBe("0");
  });
});
