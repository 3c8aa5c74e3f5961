// What /proc says of a process from outside. proc(5)

import { readdirSync, readFileSync } from "node:fs";

const read = (pid: number, file: string) => readFileSync(`/proc/${pid}/${file}`, "latin1");

/** A number after a name and a colon, as status and smaps_rollup have them; 0 if it is not there. */
export function field(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
}

/** The memory of a process, in kB. */
export function memoryOf(pid: number): {
  anonymous: number;
  resident: number;
  proportional: number;
} {
  const status = read(pid, "status");
  return {
    anonymous: field(status, "RssAnon"),
    resident: field(status, "VmRSS"),
    proportional: field(read(pid, "smaps_rollup"), "Pss"),
  };
}

/** How many threads a process has. */
export function threadsOf(pid: number): number {
  return field(read(pid, "status"), "Threads");
}

/** How often the threads of a process left the CPU, by themselves or not: each time it was woken. */
export function switchesOf(pid: number): number {
  return sumOfThreads(pid, (task) => {
    const status = read(pid, `task/${task}/status`);
    return field(status, "voluntary_ctxt_switches") + field(status, "nonvoluntary_ctxt_switches");
  });
}

/** The CPU time of a process's threads, in nanoseconds. Documentation/scheduler/sched-stats.rst */
export function cpuOf(pid: number): number {
  return sumOfThreads(pid, (task) => Number(read(pid, `task/${task}/schedstat`).split(" ")[0]));
}

/** The children of a process, zombies among them. */
export function childrenOf(pid: number): number[] {
  return read(pid, `task/${pid}/children`).trim().split(" ").filter(Boolean).map(Number);
}

/** Whether a process has ended and waits to be reaped. */
export function isZombie(pid: number): boolean {
  try {
    return / Z /.test(read(pid, "stat").replace(/\(.*\)/s, ""));
  } catch {
    return false; // It is gone altogether.
  }
}

function sumOfThreads(pid: number, measure: (task: string) => number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => sum + measure(task), 0);
}
