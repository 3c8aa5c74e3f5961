// The files of docs/deploy, by the syntax and the keys of those that read them. What containerd 1.x
// and podman make of theirs is tested with them, in test/image.

import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { deployFile } from "../support/deploy.ts";
import { PAUSE } from "../support/executables.ts";
import { needing } from "../support/needs.ts";
import { PAUSE_IMAGE } from "../support/image.ts";

const FLAG = `--pod-infra-container-image=${PAUSE_IMAGE}`;

/** What each file says to its reader, and where its documentation has the keys. */
const FILES: Record<string, { read: (text: string) => unknown; says: object; source: string }> = {
  "containerd-v2.toml": {
    read: Bun.TOML.parse,
    says: { version: 2, plugins: { "io.containerd.grpc.v1.cri": { sandbox_image: PAUSE_IMAGE } } },
    source: "containerd docs/cri/config.md, containerd 1.x",
  },
  "containerd-v3.toml": {
    read: Bun.TOML.parse,
    says: {
      version: 3,
      plugins: { "io.containerd.cri.v1.images": { pinned_images: { sandbox: PAUSE_IMAGE } } },
    },
    source: "containerd docs/cri/config.md, containerd 2.x",
  },
  "crio.conf": {
    read: Bun.TOML.parse,
    says: { crio: { image: { pause_image: PAUSE_IMAGE, pause_command: "/pause" } } },
    source: "crio.conf(5), the table crio.image",
  },
  "containers.conf": {
    read: Bun.TOML.parse,
    says: { engine: { infra_image: PAUSE_IMAGE, infra_command: "/pause" } },
    source: "containers.conf(5), the table engine",
  },
  "kubeadm.yaml": {
    read: Bun.YAML.parse,
    says: {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "InitConfiguration",
      nodeRegistration: {
        kubeletExtraArgs: [{ name: "pod-infra-container-image", value: PAUSE_IMAGE }],
      },
    },
    source: "kubeadm's configuration API v1beta4, NodeRegistrationOptions",
  },
  "kubelet.env": {
    read: assignments,
    says: { KUBELET_EXTRA_ARGS: [FLAG] },
    source: "kubelet's options, and kubeadm's drop-in for the kubelet's unit",
  },
  "cri-dockerd.conf": {
    read: assignments,
    says: {
      ExecStart: [
        "",
        `/usr/bin/cri-dockerd --container-runtime-endpoint fd:// --network-plugin= ${FLAG}`,
      ],
    },
    source: "cri-dockerd's packaging/systemd/cri-docker.service and --help; systemd.unit(5)",
  },
};

/** Lines "NAME=VALUE" of an environment file or a unit; a name may come again. systemd.syntax(7) */
function assignments(text: string): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const [, name = "", value = ""] of text.matchAll(/^([A-Za-z_]+)=(.*)$/gm))
    (found[name] ??= []).push(value);
  return found;
}

for (const [file, { read, says, source }] of Object.entries(FILES)) {
  test(`docs/deploy/${file} says the image in the words of ${source}`, () => {
    expect(read(deployFile(file))).toEqual(says);
  });
}

test("they are the files of the README's table", () => {
  const rows = deployFile("README.md").matchAll(/^\| .* \| \[(.*?)\]\(\1\) /gm);
  expect(Array.from(rows, ([, file]) => file).sort()).toEqual(Object.keys(FILES).sort());
});

needing("systemd-analyze")("systemd has nothing against the unit of a service under pause", () => {
  const directory = mkdtempSync(join(tmpdir(), "pause-unit-"));
  try {
    const unit = join(directory, "service-under-pause.service");
    const text = deployFile("service-under-pause.service")
      .replace("/usr/local/bin/pause", PAUSE)
      .replace("/usr/local/bin/service", "/bin/true");
    const verify = () => Bun.spawnSync(["systemd-analyze", "verify", unit]).stderr.toString();
    writeFileSync(unit, text);
    expect(verify()).toBe("");
    writeFileSync(unit, text.replace("KillMode=mixed", "KillMode=mixde"));
    expect(verify()).toContain("mixde");
  } finally {
    rmSync(directory, { recursive: true });
  }
});
