// The image under podman: by itself, and as the infra container of a pod.

import { afterAll, describe, expect } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import packageJson from "../../package.json" with { type: "json" };
import { PROFILE } from "../../tools/seccomp.ts";
import { deployFile, runDocumented } from "../support/deploy.ts";
import {
  DEAF_IMAGE,
  deafArchive,
  endOrphans,
  once,
  orphaning,
  parked,
  PAUSE_IMAGE,
  pauseArchive,
  reaped,
  removePodmanCgroups,
  run,
  storage,
  zombies,
} from "../support/image.ts";
import { needing } from "../support/needs.ts";
import { childrenOf } from "../support/process.ts";
import { until } from "../support/until.ts";

const it = needing("root", "git", "buildah", "podman", "busybox");
const scratch = mkdtempSync(join(tmpdir(), "pause-podman-"));
const conf = join(scratch, "containers.conf");

/** What podman has to be told on this machine, whoever's configuration it reads. */
const OPTIONS = [
  ...storage(scratch),
  `--tmpdir=${join(scratch, "tmp")}`,
  "--cgroup-manager=cgroupfs",
  "--events-backend=file",
  "--runtime=runc",
];
const env = { ...process.env, CONTAINERS_CONF: conf };
const podman = (...args: readonly string[]) => run(["podman", ...OPTIONS, ...args], env);

/** Runs the README's commands for podman. */
const documented = (section: string, place: Readonly<Record<string, string>>) =>
  runDocumented(section, "podman", { podman: ["podman", ...OPTIONS].join(" "), ...place }, env);

/** The operator's file and the images. No limit is above root's where it lacks CAP_SYS_RESOURCE. */
const setUp = once(() => {
  const limits = `[containers]\ndefault_ulimits = ["nofile=20000:20000", "nproc=30000:30000"]\n`;
  writeFileSync(conf, `${deployFile("containers.conf")}\n${limits}`);
  const archive = `pause-${packageJson.version}-linux-amd64.oci.tar`;
  documented("Nodes without a registry", { [archive]: pauseArchive() });
  podman("load", `--input=${deafArchive()}`);
});

afterAll(() => {
  for (const what of setUp.called ? [["pod", "rm"], ["rm"]] : [])
    Bun.spawnSync(["podman", ...OPTIONS, ...what, "--all", "--force", "--time=0"], { env });
  rmSync(scratch, { recursive: true, force: true });
  removePodmanCgroups();
});

/** What has to be killed after it shows that by its exit code, 137. */
const GRACE = "--time=20";

describe("under podman", () => {
  const pidOf = (id: string) => Number(podman("inspect", "--format={{.State.Pid}}", id));
  const exitCode = (id: string) => podman("inspect", "--format={{.State.ExitCode}}", id);

  /** A pod with an infra container of an image, and in it a container that leaves 50 orphans. */
  function podWithOrphans(...options: readonly string[]): { pod: string; infra: string } {
    const shared = ["--network=none", "--share=pid,ipc,uts,net"];
    const pod = podman("pod", "create", ...shared, ...options);
    const script = `${orphaning(50, "/bin/busybox")}; exec /bin/busybox sleep 2000`;
    const command = ["--entrypoint", '["/bin/busybox", "sh", "-c"]', DEAF_IMAGE, script];
    podman("run", "--detach", `--pod=${pod}`, ...command);
    return { pod, infra: podman("pod", "inspect", "--format={{.InfraContainerID}}", pod) };
  }

  it("a plain container, with as little as there is: it parks, and stop ends it with 0", async () => {
    setUp();
    const limits = ["--read-only", "--cap-drop=all", "--pids-limit=1", "--memory=16m"];
    const options = [...limits, "--security-opt=no-new-privileges", "--network=none"];
    const id = podman("run", "--detach", ...options, PAUSE_IMAGE);
    await parked(pidOf(id));
    podman("stop", GRACE, id);
    expect(exitCode(id)).toBe("0");
    expect(podman("inspect", "--format={{.State.OOMKilled}}", id)).toBe("false");
    const log = ["sh", "-c", '"$@" 2>&1', "sh", "podman", ...OPTIONS, "logs", id];
    expect(run(log)).toBe("Shutting down, got signal: Terminated");
  });

  it("under docs/deploy/seccomp.json: it parks, and stop ends it with 0", async () => {
    setUp();
    const id = documented("A seccomp profile", { "docs/deploy/seccomp.json": PROFILE });
    await parked(pidOf(id));
    podman("stop", GRACE, id);
    expect(exitCode(id)).toBe("0");
  });

  it("what does not hear SIGTERM is killed after the grace period, with 137", () => {
    setUp();
    const id = podman("run", "--detach", "--network=none", DEAF_IMAGE);
    podman("stop", "--time=1", id);
    expect(exitCode(id)).toBe("137");
  });

  for (const { by, options } of [
    { by: "docs/deploy/containers.conf", options: [] },
    { by: "options", options: [`--infra-image=${PAUSE_IMAGE}`, "--infra-command=/pause"] },
  ]) {
    it(`a pod by ${by}: what a container orphans is reaped, and stop ends it with 0`, async () => {
      setUp();
      const { pod, infra } = podWithOrphans(...options);
      expect(documented("Has it taken effect?", { POD: pod })).toBe(PAUSE_IMAGE);
      const pid = pidOf(infra);
      await parked(pid);
      await reaped(await endOrphans(pid, 50));
      podman("pod", "stop", GRACE, pod);
      expect(exitCode(infra)).toBe("0");
    });
  }

  it("a service's image by docs/deploy/Containerfile.init: stop ends it as a success", async () => {
    setUp();
    // A base with glibc, which is the pause image's, and a shell.
    const base = `FROM ${PAUSE_IMAGE}\nUSER 0:0\nCOPY --from=${DEAF_IMAGE} /bin /bin\n`;
    const containerfiles = join(scratch, "containerfiles");
    mkdirSync(containerfiles);
    writeFileSync(join(containerfiles, "base"), base);
    writeFileSync(join(containerfiles, "init"), deployFile("Containerfile.init"));
    const build = (name: string, ...options: readonly string[]) =>
      podman(
        "build",
        "--quiet",
        `--tag=localhost/${name}`,
        `--file=${join(containerfiles, name)}`,
        ...options,
        containerfiles,
      );
    build("base");
    build("init", "--build-arg=BASE=localhost/base", `--build-arg=PAUSE=${PAUSE_IMAGE}`);
    const service = `${orphaning(3, "/bin/busybox")}; exec /bin/busybox sleep 2000`;
    const command = ["localhost/init", "/bin/busybox", "sh", "-c", service];
    const id = podman("run", "--detach", "--network=none", ...command);
    await until("the orphans are pause's", () => childrenOf(pidOf(id)).length === 4);
    podman("stop", GRACE, id);
    expect(exitCode(id)).toBe("0");
  });

  it("a pod whose PID 1 does not reap keeps the zombies", async () => {
    setUp();
    const { infra } = podWithOrphans(`--infra-image=${DEAF_IMAGE}`, "--infra-command=/pause");
    const orphans = await endOrphans(pidOf(infra), 50);
    await until("all are zombies", () => zombies(orphans) === 50);
  });
});
