// The image as the sandbox image of containerd, driven as the kubelet drives it.

import { afterAll, describe, expect } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import packageJson from "../../package.json" with { type: "json" };
import { Node } from "../support/cri.ts";
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
  statusLine,
  zombies,
} from "../support/image.ts";
import { needing } from "../support/needs.ts";
import { readStat } from "../support/process.ts";
import { Sandbox } from "../support/sandbox.ts";
import { until } from "../support/until.ts";
import { MASKED_PATHS, MOUNTS, READONLY_PATHS } from "./sandbox-spec.ts";

const it = needing("root", "git", "buildah", "busybox", "containerd", "runc", "crun", "pgrep");
const scratch = mkdtempSync(join(tmpdir(), "pause-containerd-"));

/** The operator's file, as it is. */
const operators = join(scratch, "operators.toml");

/**
 * The same, with what is the machine's added to its table: where there is no CAP_SYS_RESOURCE no
 * oom_score_adj can be lowered, and there may be no AppArmor parser.
 */
const CONFIG = `${deployFile("containerd-v2.toml")}
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    conf_dir = "${scratch}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun.options]
      BinaryName = "${Bun.which("crun") ?? ""}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${scratch}/opt"
`;

/** Runs the README's commands that begin so. */
function documented(
  node: Node,
  section: string,
  start: string,
  place: Record<string, string> = {},
) {
  return runDocumented(section, start, place, { CONTAINERD_ADDRESS: node.socket });
}

/** A node with the image, loaded as on one without a registry, and the stand-in. */
async function startNode(config = CONFIG): Promise<Node> {
  const node = await Node.start(mkdtempSync(join(scratch, "node-")), config);
  try {
    const archive = `pause-${packageJson.version}-linux-amd64.oci.tar`;
    documented(node, "Nodes without a registry", "ctr", { [archive]: pauseArchive() });
    node.ctr("images", "import", deafArchive());
    return node;
  } catch (error) {
    await node[Symbol.asyncDispose]();
    throw error;
  }
}

const SCRIPT = `${orphaning(50, "/bin/busybox")}; exec /bin/busybox sleep 2000`;
const LEAVING_ORPHANS = ["/bin/busybox", "sh", "-c", SCRIPT];

const shared = once(startNode);

afterAll(async () => {
  if (shared.called) await (await shared())[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true, force: true });
});

describe("under containerd", () => {
  it("it reads docs/deploy/containerd-v2.toml as it is meant", () => {
    writeFileSync(operators, deployFile("containerd-v2.toml"));
    const place = { "containerd config": `containerd --config=${operators} config` };
    const lines = runDocumented("Has it taken effect?", "containerd", place);
    expect(lines.trim()).toBe(`sandbox_image = "${PAUSE_IMAGE}"`);
  });

  for (const handler of ["runc", "crun"]) {
    it(`a pod's life with ${handler}: ready, parked, no zombies, stopped, removed`, async () => {
      const node = await shared();
      const sandbox = await Sandbox.run(node, handler);
      await parked(sandbox.pid);
      expect(statusLine(sandbox.pid, "Seccomp")).toBe("2");
      await sandbox.start({ image: DEAF_IMAGE, command: LEAVING_ORPHANS });
      await reaped(await endOrphans(sandbox.pid, 50));
      expect(await sandbox.stop()).toBe("SANDBOX_NOTREADY");
      await until("pause is gone", () => readStat(sandbox.pid) === undefined);
      const request = { pod_sandbox_id: sandbox.id };
      await node.call("RemovePodSandbox", request);
      const unknown = await node.call("PodSandboxStatus", request).catch(String);
      expect(unknown).toContain("NOT_FOUND");
    });
  }

  it("a sandbox image that does not reap leaves the zombies", async () => {
    await using node = await startNode(CONFIG.replace(PAUSE_IMAGE, DEAF_IMAGE));
    const sandbox = await Sandbox.run(node, "runc");
    await sandbox.start({ image: DEAF_IMAGE, command: LEAVING_ORPHANS });
    const orphans = await endOrphans(sandbox.pid, 50);
    await until("all are zombies", () => zombies(orphans) === 50);
  });

  for (const user of [0, 999, 1000680000]) {
    it(`a pod that runs as UID ${user}: it parks`, async () => {
      const sandbox = await Sandbox.run(await shared(), "runc", user);
      await parked(sandbox.pid);
      expect(statusLine(sandbox.pid, "Uid")).toStartWith(`${user}\t`);
      expect(await sandbox.stop()).toBe("SANDBOX_NOTREADY");
    });
  }

  it("a pod under docs/deploy/seccomp.json: it parks", async () => {
    const seccomp = { profile_type: "Localhost", localhost_ref: PROFILE };
    const sandbox = await Sandbox.run(await shared(), "runc", undefined, seccomp);
    await parked(sandbox.pid);
    await until("both filters are there", () => statusLine(sandbox.pid, "Seccomp_filters") === "2");
    expect(await sandbox.stop()).toBe("SANDBOX_NOTREADY");
  });

  it("kubeadm's upgrade job, -v under UID 999, prints the version and exits 0", async () => {
    const node = await shared();
    const sandbox = await Sandbox.run(node, "runc", 999);
    const container_id = await sandbox.start({ image: PAUSE_IMAGE, user: 999, args: ["-v"] });
    const ended = await until("the job has ended", async () => {
      const { status } = await node.call("ContainerStatus", { container_id });
      return status.state === "CONTAINER_EXITED" ? status : undefined;
    });
    expect(ended.exit_code).toBe(0);
    expect(sandbox.log()).toEndWith(` stdout F pause.ts v${packageJson.version}\n`);
    await sandbox.stop();
  });

  it("the spec that runc and crun are tested with is the one that it makes", async () => {
    const sandbox = await Sandbox.run(await shared(), "runc");
    const { root, process, mounts, linux } = sandbox.spec;
    expect(root.readonly).toBe(true);
    expect(process).toMatchObject({ args: ["/pause"], cwd: "/", noNewPrivileges: true });
    expect(process.user).toMatchObject({ uid: 65535, gid: 65535 });
    // Nothing but what the image has, and all that buildah puts into one is a PATH.
    expect((process.env ?? []).filter((line: string) => !line.startsWith("PATH="))).toEqual([]);
    const places = new Set(mounts.map(({ destination }: { destination: string }) => destination));
    expect(places).toEqual(new Set([...MOUNTS.map((one) => one.destination), "/etc/resolv.conf"]));
    expect(MASKED_PATHS).toEqual(expect.arrayContaining(linux.maskedPaths));
    expect(READONLY_PATHS).toEqual(linux.readonlyPaths);
    await sandbox.stop();
  });

  it("the README's ways to see that it has taken effect", async () => {
    const node = await shared();
    const sandbox = await Sandbox.run(node, "runc");
    const section = "Has it taken effect?";
    const [row] = documented(node, section, "ctr")
      .split("\n")
      .filter((line) => line.startsWith(sandbox.id));
    expect(row?.split(/\s+/)[1]).toBe(PAUSE_IMAGE);
    expect(documented(node, section, "pgrep")).toMatch(new RegExp(`^${sandbox.pid} /pause$`, "m"));
    const version = documented(node, section, "nsenter", { PID: `${sandbox.pid}` });
    expect(version).toBe(`pause.ts v${packageJson.version}`);
    await sandbox.stop();
  });

  it("by digest, as the README says; and its way back", async () => {
    const list = documented(await shared(), "By digest", "ctr -n k8s.io images ls");
    const [digest = ""] = /sha256:[0-9a-f]{64}/.exec(list) ?? [];
    const name = PAUSE_IMAGE.replace(/:[^:]*$/, `@${digest}`);
    await using node = await startNode(CONFIG.replace(PAUSE_IMAGE, name));
    documented(node, "By digest", "ctr -n k8s.io images tag", { "sha256:...": digest });
    documented(node, "Going back", "ctr");
    expect(node.ctr("images", "ls", "-q")).not.toContain(PAUSE_IMAGE);
    await parked((await Sandbox.run(node, "runc")).pid);
  });
});
