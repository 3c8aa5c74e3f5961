// The descriptors that this process was started with, beside stdin, stdout and stderr: a socket from
// systemd, a lock, a pipe that somebody waits on.

import { setDescriptorFlags } from "../libc/child.ts";
import { readDirectory, readTextFile } from "../libc/files.ts";

const STDERR = 2;

/**
 * Has a command inherit them, which the runtime would not: it sets close-on-exec for all it finds.
 * Its own two are an epoll, and an eventfd which that watches; they show in /proc by what
 * proc_pid_fdinfo(5) says of an epoll: a line for each descriptor watched.
 * @returns the descriptors, which this process has no use for
 */
export function handOnDescriptors(): number[] {
  const runtimes = new Set<number>();
  const others: number[] = [];
  for (const name of descriptors()) {
    const fd = Number(name);
    const watched = fd > STDERR ? watchedBy(fd) : undefined;
    if (watched === undefined) continue;
    if (watched.length === 0) others.push(fd);
    else for (const each of [fd, ...watched]) runtimes.add(each);
  }
  const inherited = others.filter((fd) => !runtimes.has(fd));
  for (const fd of inherited) setDescriptorFlags(fd, 0);
  return inherited;
}

function descriptors(): string[] {
  try {
    return readDirectory("/proc/self/fd");
  } catch {
    return []; // No /proc, and so nothing to tell them apart by.
  }
}

/** The descriptors that an epoll watches; undefined where a descriptor has gone. */
function watchedBy(fd: number): number[] | undefined {
  try {
    const info = readTextFile(`/proc/self/fdinfo/${fd}`);
    return Array.from(info.matchAll(/^tfd: +(\d+)/gm), ([, watched]) => Number(watched));
  } catch {
    return undefined; // The one by which the directory was read.
  }
}
