// The system calls of a whole life, as data, and the seccomp profile made of them.
//
// `bun tools/seccomp.ts` writes docs/deploy/seccomp.json, and npm run fmt makes it readable; a test
// compares it with this, and the lists with what strace sees.

import { join } from "node:path";

/** A list of calls: for what, and their names on x64 and arm64. */
export interface Calls {
  readonly what: string;
  readonly names: readonly string[];
  /** Whether a life on x64 with a current libc makes each of them. */
  readonly always: boolean;
}

/** What pause makes from its execve on, without a command. */
export const HOLDING: readonly Calls[] = [
  {
    what: "the loader",
    names: (
      "access arch_prctl brk close mmap mprotect munmap newfstatat openat pread64 " +
      "prlimit64 read rseq set_robust_list set_tid_address"
    ).split(" "),
    always: true,
  },
  {
    what: "the runtime, as it starts",
    names: (
      "close_range epoll_create1 epoll_ctl eventfd2 execve fcntl futex getcwd getpid getrandom " +
      "gettid ioctl madvise open prctl rt_sigaction rt_sigprocmask sched_getaffinity sigaltstack " +
      "sysinfo uname"
    ).split(" "),
    always: true,
  },
  {
    what: "pause itself",
    names:
      "exit_group getdents64 poll rt_sigpending rt_sigtimedwait setitimer wait4 waitid write".split(
        " ",
      ),
    always: true,
  },
  { what: "its helper threads", names: ["clone3"], always: true },
  {
    what: "the same where a kernel, libc or architecture differs, and under pressure",
    names: (
      "clock_gettime clone epoll_pwait epoll_pwait2 exit faccessat fstat getrusage gettimeofday membarrier mincore mremap " +
      "ppoll readlink readlinkat rt_sigreturn sched_yield statx tgkill"
    ).split(" "),
    always: false,
  },
  {
    what: "pause where a wait fails, or after it was stopped",
    names: "clock_nanosleep kill nanosleep pause restart_syscall rt_sigsuspend seccomp".split(" "),
    always: false,
  },
];

/**
 * What pause makes beside that to start a command, up to the command's own execve, and to end what
 * it leaves: not in the profile, which is for holding a pod.
 */
export const RUNNING: readonly Calls[] = [
  {
    what: "the command's process: made, in a group of its own, and executed",
    names: "clone execve prctl rt_sigaction rt_sigprocmask setpgid".split(" "),
    always: true,
  },
  {
    what: "this process, which leaves the working directory, passes signals on, and goes back to rest",
    names: "chdir close getpid kill madvise munmap openat read".split(" "),
    always: true,
  },
  {
    what: "the foreground of a terminal, and descriptors that are handed on",
    names: "clock_nanosleep fcntl getpgrp getpgid ioctl readlink".split(" "),
    always: false,
  },
];

/**
 * What runc (in Go, with threads) and crun make between their loading the profile and their execve
 * of pause. Without no_new_privileges they load it while they still have privileges to give up.
 */
export const RUNTIMES: readonly Calls[] = [
  {
    what: "to become the container's user, in its directory, without capabilities",
    names: (
      "capget capset chdir fchdir fchown getegid geteuid getgid getuid setgid setgroups setresgid " +
      "setresuid setuid umask"
    ).split(" "),
    always: false,
  },
  {
    what: "files and threads of a Go program",
    names: "dup3 epoll_pwait faccessat2 fstatfs getppid lseek openat2 pipe2 statfs".split(" "),
    always: false,
  },
];

/** A profile as containers take it: OCI's runtime specification, config-linux.md, "Seccomp". */
export function seccompProfile() {
  const names = [...HOLDING, ...RUNTIMES].flatMap((calls) => calls.names);
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 1, // EPERM
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
    syscalls: [{ names: [...new Set(names)].toSorted(), action: "SCMP_ACT_ALLOW" }],
  };
}

/** Where the profile is. */
export const PROFILE = join(import.meta.dirname, "../docs/deploy/seccomp.json");

if (import.meta.main) await Bun.write(PROFILE, JSON.stringify(seccompProfile()));
