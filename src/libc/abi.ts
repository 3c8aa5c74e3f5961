// What Linux and its C libraries agree on: numbers, flags and struct layouts, as data.
//
// Everything but UContext is the same on x64 and arm64, under glibc and musl; a unit test compares
// what it can with os.constants, and UContext is tried at each start. Offsets and sizes in bytes.

/** Signal numbers. signal(7), "Signal numbering for standard signals", column x86/ARM. */
export const Signal = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

/** The real-time signals that libc leaves to programs. signal(7), "Real-time signals"; nptl(7). */
export const SIGRTMIN = 34;
export const SIGRTMAX = 64;

/** The error numbers that this program tells apart, or names. errno(3); asm-generic/errno*.h. */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  E2BIG: 7,
  ENOEXEC: 8,
  EBADF: 9,
  ECHILD: 10,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOTTY: 25,
  ETXTBSY: 26,
  EFBIG: 27,
  ENOSPC: 28,
  EPIPE: 32,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  ELOOP: 40,
} as const;

/** sigprocmask(2), "how". */
export const SIG_BLOCK = 0;
export const SIG_UNBLOCK = 1;
export const SIG_SETMASK = 2;

/** setitimer(2): real time, ending in SIGALRM. */
export const ITIMER_REAL = 0;

/** `struct itimerval`, setitimer(2): the interval and the first time, each seconds and microseconds. */
export const ITimerVal = { size: 32, intervalSeconds: 0, valueSeconds: 16 } as const;

/** madvise(2): private pages are given back, pages of a file are read again when they are needed. */
export const MADV_DONTNEED = 4;

/** mmap(2). */
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const MAP_PRIVATE = 2;
export const MAP_ANONYMOUS = 32;

/** sigaction(2): the two dispositions that are not a handler's address. */
export const SIG_DFL = 0;
export const SIG_IGN = 1;

/** sigaction(2), `sa_flags`: a child that stops or continues sends no SIGCHLD. */
export const SA_NOCLDSTOP = 1;

/**
 * waitpid(2), "options": return at once when no child has ended; also for one that has stopped; only
 * look, and leave it a zombie. waitid(2), "options": for one that has ended.
 */
export const WNOHANG = 1;
export const WUNTRACED = 2;
export const WEXITED = 4;
export const WNOWAIT = 0x0100_0000;

/** waitid(2), "idtype": any child, and that one. */
export const P_ALL = 0;
export const P_PID = 1;

/** waitid(2), `si_code` for a child: all others are stops or go on. */
export const CLD_EXITED = 1;
export const CLD_KILLED = 2;
export const CLD_DUMPED = 3;
export const CLD_CONTINUED = 6;

/** prctl(2). */
export const PR_SET_PDEATHSIG = 1;
export const PR_SET_CHILD_SUBREAPER = 36;

/**
 * clone(2), "flags": share the memory; sleep until the child has executed something or ended; store
 * the child's PID, before it runs. include/uapi/linux/sched.h
 */
export const CLONE_VM = 0x100;
export const CLONE_VFORK = 0x4000;
export const CLONE_PARENT_SETTID = 0x0010_0000;

/** `struct timespec`, clock_gettime(2): seconds and nanoseconds. */
export const Timespec = { size: 16, seconds: 0, nanoseconds: 8 } as const;

/** open(2), "flags". */
export const O_RDONLY = 0;
export const O_CLOEXEC = 0o2000000;
export const O_NOCTTY = 0o400;

/** fcntl(2): sets the descriptor's flags, of which FD_CLOEXEC is the only one. */
export const F_SETFD = 2;

/** Numbers of system calls, the same on x64 and arm64. asm-generic/unistd.h */
export const SYS_pidfd_send_signal = 424;
export const SYS_pidfd_open = 434;

/** The clock tick of proc_pid_stat(5), USER_HZ: 100 a second on x64 and arm64. */
export const TICKS_PER_SECOND = 100;

/** The inode of the first PID namespace, PROC_PID_INIT_INO. include/linux/proc_ns.h */
export const FIRST_PID_NAMESPACE = "pid:[4026531836]";

/** write(2) to a pipe: that much goes through at once where poll(2) says that any does. pipe(7) */
export const PIPE_BUF = 4096;

/** poll(2), `events`. */
export const POLLOUT = 4;

/** `struct pollfd`, poll(2). */
export const PollFd = { size: 8, fd: 0, events: 4 } as const;

/** getauxval(3): address of the executable's program headers; the page size. */
export const AT_PHDR = 3;
export const AT_PAGESZ = 6;

/** getauxval(3): address of the pathname that execve(2) was given for this process. */
export const AT_EXECFN = 31;

/**
 * `sigset_t` as both libraries lay it out: 1,024 bits of which the kernel reads the first 64;
 * signal n is bit n-1 of a little-endian word. glibc bits/types/__sigset_t.h, musl bits/alltypes.h.
 */
export const SIGSET_SIZE = 128;

/** `siginfo_t` for a signal that a process sent, sigaction(2); 64-bit layout, asm-generic/siginfo.h. */
export const SigInfo = { size: 128, code: 8, pid: 16, uid: 20, status: 24 } as const;

/** `si_code`, sigaction(2): the kernel itself sent it, as a terminal does on Ctrl-C. */
export const SI_KERNEL = 0x80;

/**
 * The C library's `struct sigaction` (not the kernel's, which has the mask last): glibc
 * bits/sigaction.h, musl include/signal.h. `sa_restorer` stays zero, the library fills it in.
 */
export const SigAction = { size: 152, handler: 0, flags: 136 } as const;

/** `struct dirent`, readdir(3): where the name starts, after ino, off, reclen and type. */
export const DIRENT_NAME = 19;

/**
 * glibc's `ucontext_t`, by architecture: its size, where makecontext(3) is told of the stack and of
 * what comes next, the signal mask that setcontext(3) restores, and the saved registers in which
 * the function that it enters finds its first five arguments. glibc sys/ucontext.h for x86
 * (uc_mcontext at 40; RDI, RSI, RDX, RCX and R8 are gregs 8, 9, 12, 14 and 0) and aarch64
 * (uc_mcontext at 176, after the mask; regs[0] at 184). Sizes are those of the newest glibc; older ones are smaller.
 * musl has the type and not the functions.
 */
export const UContext = {
  x64: {
    size: 968,
    link: 8,
    stack: 16,
    stackSize: 32,
    mask: 296,
    arguments: [104, 112, 136, 152, 40],
  },
  arm64: {
    size: 4560,
    link: 8,
    stack: 16,
    stackSize: 32,
    mask: 40,
    arguments: [184, 192, 200, 208, 216],
  },
} as const;

/** An architecture that UContext describes. */
export type Architecture = keyof typeof UContext;

/** prctl(2) */
export const PR_SET_SECCOMP = 22;
export const PR_SET_NO_NEW_PRIVS = 38;

/** prctl(2), PR_SET_SECCOMP. */
export const SECCOMP_MODE_FILTER = 2;

/** What a filter returns, seccomp(2): let the call through; let it fail with EPERM. */
export const SECCOMP_RET_ALLOW = 0x7fff0000;
export const SECCOMP_RET_EPERM = 0x00050000 | Errno.EPERM;

/** `struct seccomp_data`, seccomp(2): what a filter looks at; six arguments of 8 bytes. */
export const SeccompData = { number: 0, architecture: 4, arguments: 16 } as const;

/** `struct sock_fprog`, seccomp(2): the number of instructions, and where they are. */
export const SockFprog = { size: 16, length: 0, filter: 8 } as const;

/** Instructions for filters, linux/bpf_common.h: BPF_LD+W+ABS, BPF_JMP+JEQ+K, BPF_RET+K. */
export const Bpf = { load: 0x20, jumpIfEqual: 0x15, return: 0x06 } as const;

/** linux/audit.h: what a filter sees as the architecture of a call. */
export const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;

/**
 * Numbers of system calls: arch/x86/entry/syscalls/syscall_64.tbl; asm-generic/unistd.h for arm64,
 * where there is no pause, and libc calls ppoll for it.
 */
export const Syscall = {
  x64: {
    clock_nanosleep: 230,
    exit_group: 231,
    getpid: 39,
    nanosleep: 35,
    pause: 34,
    restart_syscall: 219,
    rt_sigpending: 127,
    rt_sigprocmask: 14,
    rt_sigreturn: 15,
    rt_sigtimedwait: 128,
    setitimer: 38,
    write: 1,
  },
  arm64: {
    clock_nanosleep: 115,
    exit_group: 94,
    getpid: 172,
    nanosleep: 101,
    pause: 73,
    restart_syscall: 128,
    rt_sigpending: 136,
    rt_sigprocmask: 135,
    rt_sigreturn: 139,
    rt_sigtimedwait: 137,
    setitimer: 103,
    write: 64,
  },
} as const;
