// The image under runc and crun, with the spec that containerd builds for a pod's sandbox.

import { afterAll, describe, expect } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import packageJson from "../../package.json" with { type: "json" };
import { seccompProfile } from "../../tools/seccomp.ts";
import {
  deafArchive,
  endOrphans,
  once,
  orphaning,
  parked,
  pauseArchive,
  reaped,
  run,
  statusLine,
  storage,
  WITHOUT_UNIFIED,
  zombies,
} from "../support/image.ts";
import { needing } from "../support/needs.ts";
import { until } from "../support/until.ts";
import { type Sandbox, sandboxSpec } from "./sandbox-spec.ts";

const LINE = "Shutting down, got signal: Terminated\n";
const scratch = mkdtempSync(join(tmpdir(), "pause-oci-"));
const buildah = (...args: readonly string[]) => run(["buildah", ...storage(scratch), ...args]);

/** Where an image's files are, unpacked: writable, for the runtime makes its mount points there. */
const unpacked = (archive: () => string) =>
  once(() => buildah("mount", buildah("from", `oci-archive:${archive()}`)));
const rootfs = { pause: unpacked(pauseArchive), deaf: unpacked(deafArchive) };

const RUNTIMES = [
  { runtime: "runc", prefix: [] },
  { runtime: "crun", prefix: ["unshare", "--mount", "sh", "-ec", WITHOUT_UNIFIED, "sh"] },
] as const;

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

for (const { runtime, prefix } of RUNTIMES) {
  describe(`under ${runtime}, as containerd runs it`, () => {
    const it = needing("root", "git", "buildah", "busybox", runtime);
    const command = [...prefix, runtime, `--root=${join(scratch, runtime)}`];
    let containers = 0;

    /** A running sandbox. Use with `await using`: it is removed. */
    class Container {
      readonly name = `pause-test-${process.pid}-${runtime}-${containers++}`;
      readonly process: Bun.Subprocess<"ignore", "pipe" | "ignore", "pipe" | "ignore">;

      constructor(sandbox: Partial<Sandbox>, stdio: "pipe" | "ignore" = "pipe") {
        const bundle = join(scratch, this.name);
        mkdirSync(bundle);
        const resolvConf = join(bundle, "resolv.conf");
        writeFileSync(resolvConf, "");
        const spec = sandboxSpec({
          rootfs: rootfs.pause(),
          uid: 65535,
          args: ["/pause"],
          resolvConf,
          busybox: Bun.which("busybox") ?? "",
          ...sandbox,
        });
        writeFileSync(join(bundle, "config.json"), JSON.stringify(spec));
        this.process = Bun.spawn([...command, "run", `--bundle=${bundle}`, this.name], {
          stdio: ["ignore", stdio, stdio],
        });
      }

      /** Its PID on the host, once it runs. */
      pid(): Promise<number> {
        return until("it runs", () => {
          const state = Bun.spawnSync([...command, "state", this.name]).stdout.toString();
          const { status, pid } = JSON.parse(state || "{}");
          return status === "running" ? (pid as number) : undefined;
        });
      }

      exec(...args: readonly string[]): void {
        run([...command, "exec", this.name, ...args]);
      }

      /** Sends SIGTERM, and fails if it does not end. */
      async stop(): Promise<number | null> {
        run([...command, "kill", this.name, "TERM"]);
        await until("it has ended", () => this.process.exitCode !== null);
        return this.process.exitCode;
      }

      async [Symbol.asyncDispose](): Promise<void> {
        Bun.spawnSync([...command, "delete", "--force", this.name]);
        await this.process.exited;
      }
    }

    const output = (stream: ReadableStream<Uint8Array> | undefined) => new Response(stream).text();

    for (const uid of [0, 999, 65535, 1000680000]) {
      it(`UID ${uid}: it parks, reaps what others orphan, and stops on TERM with 0 and the line`, async () => {
        await using container = new Container({ uid });
        const pid = await container.pid();
        await parked(pid);
        expect(statusLine(pid, "Uid")).toBe(Array(4).fill(uid).join("\t"));
        expect(statusLine(pid, "CapBnd")).toMatch(/^0+$/);
        expect([statusLine(pid, "NoNewPrivs"), statusLine(pid, "Seccomp")]).toEqual(["1", "2"]);
        container.exec("/busybox", "sh", "-c", orphaning(50, "/busybox"));
        await reaped(await endOrphans(pid, 50));
        expect(await container.stop()).toBe(0);
        expect(await output(container.process.stderr)).toBe(LINE);
      });
    }

    for (const noNewPrivileges of [true, false]) {
      it(`docs/deploy/seccomp.json, no_new_privs ${noNewPrivileges}: it parks, with a filter of its own`, async () => {
        await using container = new Container({ seccomp: seccompProfile(), noNewPrivileges });
        const pid = await container.pid();
        await parked(pid);
        await until("both filters are there", () => statusLine(pid, "Seccomp_filters") === "2");
        expect(await container.stop()).toBe(0);
        expect(await output(container.process.stderr)).toBe(LINE);
      });
    }

    it("docs/deploy/seccomp.json without one of its calls: it does not start", async () => {
      const profile = seccompProfile();
      const syscalls = profile.syscalls.map((rule) => ({
        ...rule,
        names: rule.names.filter((name) => name !== "mmap"),
      }));
      await using container = new Container({ seccomp: { ...profile, syscalls } });
      expect(await container.process.exited).not.toBe(0);
    });

    it("with null for stdin, stdout and stderr it parks, and stops with 0", async () => {
      await using container = new Container({}, "ignore");
      await parked(await container.pid());
      expect(await container.stop()).toBe(0);
    });

    it("a PID 1 that does not reap leaves the zombies, and a TERM unheard", async () => {
      await using container = new Container({ rootfs: rootfs.deaf() });
      const pid = await container.pid();
      container.exec("/busybox", "sh", "-c", orphaning(50, "/busybox"));
      const orphans = await endOrphans(pid, 50);
      await until("all are zombies", () => zombies(orphans) === 50);
      run([...command, "kill", container.name, "TERM"]);
      await Bun.sleep(500); // Nothing tells that a signal was dropped.
      expect(zombies(orphans)).toBe(50);
      expect(container.process.exitCode).toBeNull();
    });

    it("-v under UID 999 prints the version and exits 0, as kubeadm's upgrade job wants it", async () => {
      await using container = new Container({ uid: 999, args: ["/pause", "-v"] });
      expect(await output(container.process.stdout)).toBe(`pause.ts v${packageJson.version}\n`);
      expect(await container.process.exited).toBe(0);
    });
  });
}
