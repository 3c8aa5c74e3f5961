// A containerd of the test's own, and a client of its Container Runtime Interface.

import { credentials, loadPackageDefinition, type ServiceError } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { run, WITHOUT_UNIFIED } from "./image.ts";
import { childrenOf } from "./process.ts";
import { until } from "./until.ts";

/** What a call answers: the messages of cri.proto, with enums by name. */
interface Answers {
  readonly Version: { runtime_name: string; runtime_version: string };
  readonly RunPodSandbox: { pod_sandbox_id: string };
  readonly PodSandboxStatus: { status: { state: string }; info: Record<string, string> };
  readonly StopPodSandbox: unknown;
  readonly RemovePodSandbox: unknown;
  readonly CreateContainer: { container_id: string };
  readonly StartContainer: unknown;
  readonly ContainerStatus: { status: { state: string; exit_code: number } };
}

type Method = (
  request: object,
  options: { deadline: number },
  callback: (error: ServiceError | null, answer: never) => void,
) => void;

const SOCKET = "containerd.sock";

/** No call takes longer on however slow a machine. In milliseconds. */
const DEADLINE = 60_000;

/** Processes and mounts are in namespaces that end with the node, whatever a test has left running. */
const NAMESPACES = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
const NODE = [...NAMESPACES, "sh", "-ec", `mount -t tmpfs tmpfs /run\n${WITHOUT_UNIFIED}`, "sh"];

/** A node as the kubelet sees it. Use with `await using`: all of it goes. */
export class Node {
  readonly #process: Bun.Subprocess;
  readonly #methods: Record<keyof Answers, Method> & { close(): void };
  readonly #directory: string;
  /** The parent of all its cgroups. */
  readonly cgroup: string;

  private constructor(directory: string, process: Bun.Subprocess) {
    this.#directory = directory;
    this.#process = process;
    this.cgroup = `/pause-test-${process.pid}`;
    const proto = loadSync(join(import.meta.dirname, "cri.proto"), {
      keepCase: true,
      enums: String,
      defaults: true,
    });
    const { runtime } = loadPackageDefinition(proto) as any;
    // Over a socket there is no host name, and what gRPC would make of the path is refused.
    this.#methods = new runtime.v1.RuntimeService(
      `unix://${this.socket}`,
      credentials.createInsecure(),
      { "grpc.default_authority": "localhost" },
    );
  }

  get socket(): string {
    return join(this.#directory, SOCKET);
  }

  get logs(): string {
    return join(this.#directory, "logs");
  }

  /**
   * Starts containerd and waits until it answers.
   * @param directory where it keeps all it has; exists
   * @param config the text of its configuration
   */
  static async start(directory: string, config: string): Promise<Node> {
    const file = join(directory, "config.toml");
    writeFileSync(file, config);
    const log = Bun.file(join(directory, "log"));
    const places = ["root", "state"].map((name) => `--${name}=${join(directory, name)}`);
    const address = `--address=${join(directory, SOCKET)}`;
    const node = new Node(
      directory,
      Bun.spawn([...NODE, "containerd", `--config=${file}`, ...places, address], {
        stdio: ["ignore", log, log],
      }),
    );
    await until("containerd answers", async () => {
      if (node.#process.exitCode !== null) throw new Error(await log.text());
      return existsSync(node.socket) && (await node.call("Version", {}).catch(() => undefined));
    });
    return node;
  }

  call<Name extends keyof Answers>(name: Name, request: object): Promise<Answers[Name]> {
    return new Promise((resolve, reject) => {
      this.#methods[name](request, { deadline: Date.now() + DEADLINE }, (error, answer) =>
        error === null ? resolve(answer) : reject(error),
      );
    });
  }

  /** Runs ctr in the namespace that the kubelet's images are in. */
  ctr(...args: readonly string[]): string {
    return run(["ctr", `--address=${this.socket}`, "--namespace=k8s.io", ...args]);
  }

  /** The PID on this machine of the process in a sandbox: that in its cgroup. */
  pidOf(sandbox: string): Promise<number> {
    return until("the sandbox has a process", () =>
      readdirSync("/proc")
        .map(Number)
        .filter(Boolean)
        .find((pid) => cgroupOf(pid).includes(`${this.cgroup}/${sandbox}`)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#methods.close();
    for (const init of childrenOf(this.#process.pid)) process.kill(init, "SIGKILL");
    await this.#process.exited;
    for (const controller of ["", ...readdirSync("/sys/fs/cgroup")]) {
      const parent = join("/sys/fs/cgroup", controller, this.cgroup);
      if (existsSync(parent)) Bun.spawnSync(["find", parent, "-depth", "-type", "d", "-delete"]);
    }
  }
}

/** The cgroups that a process is in; none if it has ended. proc_pid_cgroup(5) */
function cgroupOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "utf8");
  } catch {
    return "";
  }
}
