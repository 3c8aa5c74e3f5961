// The tools that can build the image, each as the commands it takes to get an OCI image layout. How
// they compress the layers is of no account: that is done anew, see compress.ts.

import { join } from "node:path";

/** What a tool is to build. */
export interface Job {
  /** Folder with the Containerfile and what it copies; commands run there. */
  readonly root: string;
  /** For the tool's own files, and for the layout: relative to the root, since `oci:` ends at a colon. */
  readonly scratch: string;
  readonly layout: string;
  /** Of the image: "localhost/pause", and the version. */
  readonly name: string;
  readonly version: string;
  /** As the tools call them: amd64, arm64. */
  readonly platforms: readonly string[];
  /** Both the image's labels and its manifests' annotations. */
  readonly labels: Readonly<Record<string, string>>;
  readonly epoch: number;
  /** Is told what has been done. */
  readonly say: (line: string) => void;
}

interface Builder {
  readonly name: string;
  /** Succeeds where the tool is there. */
  readonly probe: readonly string[];
  readonly build: (job: Job) => Promise<void>;
}

/** In the order of preference: the first that is there is used. */
const BUILDERS: readonly Builder[] = [
  { name: "buildah", probe: ["buildah", "--version"], build: withContainersTools("buildah") },
  { name: "podman", probe: ["podman", "--version"], build: withContainersTools("podman") },
  { name: "docker buildx", probe: ["docker", "buildx", "version"], build: withBuildx },
];

/**
 * The tool that is going to build.
 * @throws {Error} if there is none, naming those that would do
 */
export function chooseBuilder(): Builder {
  const found = BUILDERS.find(
    ({ probe }) =>
      Bun.which(probe[0] ?? "") !== null &&
      Bun.spawnSync([...probe], { stdio: ["ignore", "ignore", "ignore"] }).success,
  );
  if (found !== undefined) return found;
  const names = BUILDERS.map(({ name }) => name).join(", ");
  throw new Error(`Cannot build an image: found none of ${names}; install one of them`);
}

/** buildah and podman, which take the same commands. buildah-build(1), podman-manifest(1) */
function withContainersTools(tool: "buildah" | "podman"): Builder["build"] {
  return async ({ say, ...job }) => {
    const { root, scratch, version } = job;
    // Storage of its own: what the user has stays as it is, and nothing is taken from a cache.
    const storage = [
      `--root=${join(root, scratch, "root")}`,
      `--runroot=${join(root, scratch, "run")}`,
    ];
    const run = (...args: readonly string[]) =>
      command([tool, ...storage, "--storage-driver=vfs", ...args], root);
    const list = `${job.name}:${version}`;
    for (const platform of job.platforms) {
      const once = ["--layers=false", "--omit-history", "--identity-label=false"];
      const target = [`--platform=linux/${platform}`, `--manifest=${list}`];
      const said = [
        ...assignments("--label", job.labels),
        ...assignments("--annotation", job.labels),
      ];
      const from = ["--file=Containerfile", "."];
      await run("build", ...once, `--timestamp=${job.epoch}`, ...target, ...said, ...from);
      say(`linux/${platform}: image built`);
    }
    await run("manifest", "push", "--all", list, `oci:${job.layout}:${version}`);
  };
}

/** docker buildx, with a BuildKit that can export. https://docs.docker.com/build/exporters/oci-docker/ */
async function withBuildx(job: Job): Promise<void> {
  const output = {
    type: "oci",
    tar: "false",
    dest: job.layout,
    name: `${job.name}:${job.version}`,
    compression: "uncompressed",
    "oci-mediatypes": "true",
    "rewrite-timestamp": "true",
  };
  const fields = Object.entries(output).map(([key, value]) => `${key}=${value}`);
  const platforms = job.platforms.map((platform) => `linux/${platform}`);
  const once = ["--no-cache", "--provenance=false", "--sbom=false"];
  const target = [`--platform=${platforms.join()}`, `--output=${fields.join()}`];
  const said = [...assignments("--label", job.labels), ...assignments("--annotation", job.labels)];
  await command(
    ["docker", "buildx", "build", ...once, ...target, ...said, "--file=Containerfile", "."],
    job.root,
    { SOURCE_DATE_EPOCH: String(job.epoch) },
  );
  for (const platform of platforms) job.say(`${platform}: image built`);
}

function assignments(option: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([key, value]) => `${option}=${key}=${value}`);
}

/**
 * Runs a tool to its end. It gets no SOURCE_DATE_EPOCH but the one given: newer buildahs refuse it
 * beside --timestamp.
 * @returns its stdout
 * @throws {Error} with what it said on stderr, if it fails
 */
async function command(
  line: readonly string[],
  cwd: string,
  variables: Record<string, string> = {},
): Promise<string> {
  const { SOURCE_DATE_EPOCH: _, ...environment } = process.env;
  const child = Bun.spawn([...line], {
    cwd,
    env: { ...environment, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const outputs = Promise.all([child.stdout.text(), child.stderr.text()]);
  const [stdout, stderr] = await outputs;
  if ((await child.exited) === 0) return stdout;
  const name = line.filter((word) => !word.startsWith("-")).slice(0, 2);
  throw new Error(`Cannot build the image: ${name.join(" ")} failed:\n${stderr.trimEnd()}`);
}
