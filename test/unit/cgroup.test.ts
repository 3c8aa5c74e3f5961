// In which container a process is, by its cgroups; and that no file of /proc is too much to read.

import { expect, test } from "bun:test";

import { parseCgroup, type Place } from "../../src/process/cgroup.ts";
import { parseReapers, parseRelations } from "../../src/process/relations.ts";
import { decodeName, looksDead, parseStat } from "../../src/process/stat.ts";

const ID = "3f2a9c1d0b7e".padEnd(64, "0123456789abcdef");
const OTHER = "a".repeat(64);
const UID = "0b6a2d9e-3c7c-4e0c-b7b9-2f0b8a3f2f11";
const UID_ = UID.replaceAll("-", "_");
const HASH = "fe1d0c2b3a495867fe1d0c2b3a495867"; // A static pod's.

const nowhere: Place = { pod: null, container: null, unit: null, user: null };

test.each<[string, Partial<Place>]>([
  // Kubernetes: systemd driver, cgroupfs driver; containerd, CRI-O, Docker.
  [
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UID_}.slice/cri-containerd-${ID}.scope`,
    { pod: UID, container: ID },
  ],
  [
    `/kubepods.slice/kubepods-pod${UID_}.slice/crio-${ID}.scope/container`,
    { pod: UID, container: ID },
  ],
  [`/kubepods/besteffort/pod${UID}/${ID}`, { pod: UID, container: ID }],
  [`/kubepods/pod${UID}/crio-${ID}`, { pod: UID, container: ID }],
  [`/kubepods/burstable/pod${HASH}/${ID}`, { pod: HASH, container: ID }],
  [
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UID_}.slice/docker-${ID}.scope`,
    { pod: UID, container: ID },
  ],
  [
    `/system.slice/containerd.service/kubepods-burstable-pod${UID_}.slice:cri-containerd:${ID}`,
    { pod: UID, container: ID },
  ],
  [`/kubepods/burstable/pod${UID}`, { pod: UID }],
  // A node that is a container itself (kind).
  [
    `/docker/${OTHER}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod${UID_}.slice/cri-containerd-${ID}.scope`,
    { pod: UID, container: ID },
  ],
  [`/docker/${OTHER}/kubelet/kubepods/burstable/pod${UID}/${ID}`, { pod: UID, container: ID }],
  // Docker, podman, nerdctl, LXC.
  [`/docker/${ID}`, { container: ID }],
  [`/system.slice/docker-${ID}.scope`, { container: ID }],
  [`/system.slice/docker-${ID}.scope/init.scope`, { container: ID, unit: "init.scope" }],
  [`/docker/${ID}/system.slice/nginx.service`, { container: ID, unit: "nginx.service" }],
  [`/machine.slice/libpod-${ID}.scope/container`, { container: ID }],
  [
    `/machine.slice/machine-libpod_pod_${OTHER}.slice/libpod-${ID}.scope`,
    { pod: OTHER, container: ID },
  ],
  [`/libpod_parent/libpod-${ID}`, { container: ID }],
  [`/libpod_parent/${OTHER}/libpod-${ID}`, { pod: OTHER, container: ID }],
  [
    `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope`,
    { container: ID, user: 1000 },
  ],
  [
    `/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod_pod_${OTHER}.slice/libpod-${ID}.scope`,
    { pod: OTHER, container: ID, user: 1000 },
  ],
  [`/system.slice/nerdctl-${ID}.scope`, { container: ID }],
  ["/lxc/web", { container: "web" }],
  ["/lxc.payload.web/system.slice/cron.service", { container: "web", unit: "cron.service" }],
  // A container's monitor is outside of it.
  [`/machine.slice/libpod-conmon-${ID}.scope`, { unit: `libpod-conmon-${ID}.scope` }],
  [
    `/kubepods.slice/kubepods-pod${UID_}.slice/crio-conmon-${ID}.scope`,
    { pod: UID, unit: `crio-conmon-${ID}.scope` },
  ],
  // systemd.
  ["/system.slice/cron.service", { unit: "cron.service" }],
  ["/system.slice/foo.service/worker/1", { unit: "foo.service" }],
  ["/system.slice/system-getty.slice/getty@tty1.service", { unit: "getty@tty1.service" }],
  ["/init.scope", { unit: "init.scope" }],
  ["/user.slice/user-1000.slice/session-3.scope", { unit: "session-3.scope" }],
  [
    "/user.slice/user-1000.slice/user@1000.service/app.slice/app-a\\x2db.scope",
    { unit: "app-a\\x2db.scope", user: 1000 },
  ],
  [
    "/user.slice/user-1000.slice/user@1000.service/app.slice/dbus-:1.2-org.x@0.service",
    { unit: "dbus-:1.2-org.x@0.service", user: 1000 },
  ],
  ["/user.slice/user-1000.slice/user@1000.service", { unit: "user@1000.service" }],
  // A cgroup that has been removed; one outside of a cgroup namespace.
  [`/system.slice/docker-${ID}.scope (deleted)`, { container: ID }],
  [`/../${ID}`, { container: ID }],
])("%s", (path, place) => {
  expect(parseCgroup(`0::${path}\n`)).toEqual({ ...nowhere, ...place });
});

test.each(["/", "/user.slice", "/mine", "", "/kubepods.slice", `/${ID.slice(1)}`])(
  "%j does not say",
  (path) => {
    expect(parseCgroup(`0::${path}\n`)).toBeNull();
  },
);

test("of several hierarchies the one with a container wins, wherever it is", () => {
  const lines = [
    "12:name=systemd:/system.slice/kubelet.service",
    "11:cpu,cpuacct:/",
    `4:memory:/kubepods/besteffort/pod${UID}/${ID}`,
    "0::/system.slice/kubelet.service",
  ];
  const place = { ...nowhere, pod: UID, container: ID };
  expect(parseCgroup(lines.join("\n"))).toEqual(place);
  expect(parseCgroup(lines.toReversed().join("\n"))).toEqual(place);
});

test("of a zombie under version 1 every hierarchy of it shows the root, and that says nothing", () => {
  expect(parseCgroup("9:name=systemd:/\n4:memory:/\n1:cpu,cpuacct:/\n")).toBeNull();
  expect(parseCgroup("9:name=systemd:/\n0::/system.slice/x.service\n")?.unit).toBe("x.service");
  expect(parseCgroup("")).toBeNull();
});

test("no file, whatever it holds, is too much for the readers of /proc", () => {
  let seed = Math.trunc(Math.random() * 2 ** 32);
  console.log(`seed ${seed}`);
  const next = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.trunc((seed / 2 ** 32) * below);
  };
  const pieces = ["(", ")", " ", "\n", ":", "/", "Z", "State:\t", "\nPPid:\t", "\nTracerPid:\t"];
  pieces.push("\nSigCgt:\t", "\nNSpid:\t", "\0", "1", "-1", "0::/", "pod", ID, ".scope", "conmon");
  pieces.push("user@99999999999999999999.service", " (deleted)", "\nSigIgn:\tzz", "\u001b", "é");
  for (let made = 0; made < 30_000; made++) {
    const text = Array.from({ length: next(40) }, () => pieces[next(pieces.length)]).join("");
    const bytes = Buffer.from(text);
    bytes[next(bytes.length + 1)] = next(256);
    looksDead(bytes, bytes.length);
    const stat = parseStat(bytes);
    if (stat !== undefined) decodeName(stat.comm);
    parseCgroup(text);
    parseRelations(text);
    parseReapers(text);
  }
});
