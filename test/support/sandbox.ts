// A pod's sandbox, as the kubelet asks for it where the pod shares a PID namespace.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Node } from "./cri.ts";

/** The part of an OCI runtime's config.json that tests look at. */
interface Spec {
  readonly root: { readonly readonly: boolean };
  readonly process: { readonly env?: readonly string[]; readonly user: object };
  readonly mounts: readonly { readonly destination: string }[];
  readonly linux: { readonly maskedPaths: string[]; readonly readonlyPaths: string[] };
}

/** A container beside the sandbox; its image's user and entrypoint unless said otherwise. */
interface Container {
  readonly image: string;
  readonly user?: number;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

/** One that is ready. It ends with its node, if not before. */
export class Sandbox {
  /** Of its PID 1, on this machine. */
  readonly pid: number;
  /** What containerd has made of it for the runtime. */
  readonly spec: Spec;
  readonly id: string;
  readonly #node: Node;
  readonly #config: object;

  private constructor(node: Node, config: object, id: string, pid: number, spec: Spec) {
    this.#node = node;
    this.#config = config;
    this.id = id;
    this.pid = pid;
    this.spec = spec;
  }

  /**
   * Runs one.
   * @param handler the name of the runtime in containerd's configuration
   * @param user the pod's runAsUser and runAsGroup
   * @param seccomp the pod's profile, if not RuntimeDefault
   * @throws {Error} if it is not ready then
   */
  static async run(node: Node, handler: string, user?: number, seccomp?: object): Promise<Sandbox> {
    const name = crypto.randomUUID();
    const config = {
      metadata: { name, uid: name, namespace: "default" },
      log_directory: node.logs,
      linux: { cgroup_parent: node.cgroup, security_context: securityContext(user, seccomp) },
    };
    const request = { config, runtime_handler: handler };
    const { pod_sandbox_id } = await node.call("RunPodSandbox", request);
    const { status, info } = await node.call("PodSandboxStatus", { pod_sandbox_id, verbose: true });
    if (status.state !== "SANDBOX_READY") throw new Error(`The sandbox is ${status.state}`);
    const { runtimeSpec } = JSON.parse(info["info"] ?? "{}");
    return new Sandbox(node, config, pod_sandbox_id, await node.pidOf(pod_sandbox_id), runtimeSpec);
  }

  /**
   * Starts a container in the pod.
   * @returns its ID
   */
  async start({ image, user, ...process }: Container): Promise<string> {
    const { container_id } = await this.#node.call("CreateContainer", {
      pod_sandbox_id: this.id,
      sandbox_config: this.#config,
      config: {
        ...process,
        metadata: { name: "container" },
        image: { image },
        log_path: `${this.id}.log`,
        linux: { security_context: securityContext(user) },
      },
    });
    await this.#node.call("StartContainer", { container_id });
    return container_id;
  }

  /** What its container has said: time, stream, tag and text of each line. */
  log(): string {
    return readFileSync(join(this.#node.logs, `${this.id}.log`), "utf8");
  }

  /**
   * Stops it and its containers.
   * @returns the state that it is in then
   */
  async stop(): Promise<string> {
    await this.#node.call("StopPodSandbox", { pod_sandbox_id: this.id });
    const { status } = await this.#node.call("PodSandboxStatus", { pod_sandbox_id: this.id });
    return status.state;
  }
}

/** On the host's network, for which no plugin is needed. */
function securityContext(
  user?: number,
  seccomp: object = { profile_type: "RuntimeDefault" },
): object {
  return {
    namespace_options: { network: "NODE", pid: "POD", ipc: "POD" },
    seccomp,
    ...(user !== undefined && { run_as_user: { value: user }, run_as_group: { value: user } }),
  };
}
