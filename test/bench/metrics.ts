// What is measured, row by row, in the order of the table; and on whom.

/** Who is measured. "empty" is Bun's floor, "c" the physical limit, the rest but pause are peers. */
export const CONTESTANTS = {
  pause: { title: "pause", about: "this one, parked: the default" },
  watch: { title: "--watch", about: "this one, staying in JavaScript" },
  empty: {
    title: "empty",
    about: "an empty program, compiled alike; for rows 3 and 4, one that sleeps",
  },
  catatonit: { title: "catatonit", about: "catatonit -P" },
  tini: { title: "tini", about: "tini around sleep" },
  dumbInit: { title: "dumb-init", about: "dumb-init around sleep" },
  c: { title: "C", about: "test/bench/programs/pause.c, linked statically" },
} as const;

/** One of them. */
export type Name = keyof typeof CONTESTANTS;

/** The programs that people use for this today: packaged, and not ours. */
export const PEERS = ["catatonit", "tini", "dumbInit"] as const satisfies readonly Name[];

/** One thing that is measured. Less is better, always. */
export interface Metric {
  readonly row: number;
  readonly title: string;
  readonly unit: "ms" | "s" | "µs" | "kB" | "MB" | "";
}

/** Everything that is measured. */
export const METRICS = {
  armed: { row: 1, title: "armed", unit: "ms" },
  waits: { row: 1, title: "waiting", unit: "ms" },
  version: { row: 1, title: "exit, with -v", unit: "ms" },
  cpu: { row: 1, title: "CPU, start to end", unit: "ms" },
  gone: { row: 2, title: "gone", unit: "ms" },
  wakeups: { row: 3, title: "wake-ups a minute", unit: "" },
  idleCpu: { row: 3, title: "CPU a minute", unit: "µs" },
  threads: { row: 3, title: "threads", unit: "" },
  anonymous: { row: 4, title: "RssAnon", unit: "kB" },
  resident: { row: 4, title: "RSS", unit: "kB" },
  proportional: { row: 4, title: "PSS", unit: "kB" },
  chargedWarm: { row: 4, title: "charged, warm", unit: "kB" },
  chargedCold: { row: 4, title: "charged, cold", unit: "kB" },
  workingSet: { row: 4, title: "working set, cold", unit: "kB" },
  smallest: { row: 5, title: "smallest limit, cold", unit: "MB" },
  readyAtSmallest: { row: 5, title: "waiting there", unit: "ms" },
  readyAtThree: { row: 5, title: "waiting at 3 MB", unit: "ms" },
  orphan1k: { row: 6, title: "CPU each, of 1,000", unit: "µs" },
  orphan10k: { row: 6, title: "of 10,000", unit: "µs" },
  orphan100k: { row: 6, title: "of 100,000", unit: "µs" },
  left: { row: 6, title: "zombies left", unit: "" },
  grown: { row: 6, title: "a million: RssAnon +", unit: "kB" },
  stormThreads: { row: 6, title: "a million: threads", unit: "" },
  pulled: { row: 7, title: "pulled", unit: "MB" },
  kept: { row: 7, title: "kept", unit: "MB" },
  node50: { row: 8, title: "50: PSS", unit: "MB" },
  charged50: { row: 8, title: "50: charged", unit: "MB" },
  ready50: { row: 8, title: "50: all waiting", unit: "ms" },
  node250: { row: 8, title: "250: PSS", unit: "MB" },
  charged250: { row: 8, title: "250: charged", unit: "MB" },
  ready250: { row: 8, title: "250: all waiting", unit: "ms" },
  node500: { row: 8, title: "500: PSS", unit: "MB" },
  charged500: { row: 8, title: "500: charged", unit: "MB" },
  ready500: { row: 8, title: "500: all waiting", unit: "ms" },
  nodeWakeups: { row: 8, title: "all: wake-ups a minute", unit: "" },
  commandStart: { row: 9, title: "added to its start", unit: "ms" },
  commandSignal: { row: 9, title: "added to a signal", unit: "µs" },
  commandExit: { row: 9, title: "added to its end", unit: "ms" },
  dropped: { row: 10, title: "PID 1: dropped for", unit: "ms" },
  droppedLatest: { row: 10, title: "latest at", unit: "ms" },
  fatal: { row: 10, title: "else: ends it for", unit: "ms" },
  fatalLatest: { row: 10, title: "latest at", unit: "ms" },
} as const satisfies Record<string, Metric>;

/** What the rows are about. */
export const ROWS: Readonly<Record<number, string>> = {
  1: "From exec until (the empty program: until it has ended)",
  2: "From SIGTERM until",
  3: "Idle",
  4: "Memory while idle; charged to a cgroup, with the page cache warm and cold",
  5: "The smallest memory limit it starts and reaps under, from a cold page cache",
  6: "Orphans: what the init spends on each, and what stays",
  7: "Image: bytes that a node downloads and keeps",
  8: "A node's worth at once",
  9: "A command under it, next to the command alone",
  10: "SIGTERM at every 100 µs from exec on, until it is armed",
};

/** One of them. */
export type MetricName = keyof typeof METRICS;

/** Their names, in order. */
export const METRIC_NAMES = Object.keys(METRICS) as MetricName[];

/** Who is measured, in order. */
export const NAMES = Object.keys(CONTESTANTS) as Name[];
