// The system calls that are left once it is parked, as a seccomp filter. seccomp(2), bpf(4)
//
// Whatever may then take over the process, by a fault in libc or a debugger, has these and no more:
// it can wait, write to stderr, and end. Every other call fails, and does not kill: the process is
// PID 1 of a pod, and a call that the chain makes in some libc and that is not here must not be the
// end of the pod. The chain takes a call that fails for what it is (see steps.ts), so it goes on.

import {
  type Architecture,
  AUDIT_ARCH,
  Bpf,
  ITIMER_REAL,
  SeccompData,
  SECCOMP_RET_ALLOW,
  SECCOMP_RET_EPERM,
  SIG_SETMASK,
  Syscall,
} from "../libc/abi.ts";

/** A call that is allowed, and what its arguments must be. */
interface Rule {
  readonly call: keyof (typeof Syscall)[Architecture];
  /** An argument, of which the kernel too reads the lower 32 bits only, and its value. */
  readonly where?: readonly [argument: number, value: number];
}

const STDERR = 2;

/** What the chain does from the filter on, and what the kernel does for it. */
export const RULES: readonly Rule[] = [
  { call: "rt_sigpending" }, // look
  { call: "rt_sigtimedwait" }, // wait
  { call: "rt_sigprocmask", where: [0, SIG_SETMASK] }, // setcontext, between any two steps
  { call: "setitimer", where: [0, ITIMER_REAL] }, // interrupted, terminated
  { call: "write", where: [0, STDERR] }, // sayInterrupt, sayTerminated
  { call: "exit_group" }, // end, and the handler of INT and TERM where it holds by pause
  { call: "pause" }, // wait, where sigwaitinfo is refused; on arm64 libc makes it of ppoll
  { call: "clock_nanosleep" }, // nap
  { call: "nanosleep" }, // nap, before glibc 2.31
  { call: "getpid" }, // the handler of ALRM
  { call: "rt_sigreturn" }, // the return from it
  { call: "restart_syscall" }, // nap, after SIGSTOP and SIGCONT
];

/** The instructions of the filter, each as its two words: operation and jumps, operand. */
export function makeFilter(arch: Architecture): number[] {
  let refuse = 3; // Where the last but one is; after it comes the last, which allows.
  for (const { where } of RULES) refuse += where === undefined ? 1 : 3;
  const allow = refuse + 1;

  const words: number[] = [];
  const load = (field: number) => words.push(Bpf.load, field);
  // A jump says how many instructions it skips: if they are equal, and if not.
  const skip = (target: number) => target - words.length / 2 - 1;
  const compare = (value: number, equal: number, unequal: number) =>
    words.push(Bpf.jumpIfEqual | (equal << 16) | (unequal << 24), value);

  // A call of another architecture has other numbers.
  load(SeccompData.architecture);
  compare(AUDIT_ARCH[arch], 0, skip(refuse));
  load(SeccompData.number);
  for (const { call, where } of RULES) {
    const number = Syscall[arch][call];
    if (where === undefined) {
      compare(number, skip(allow), 0);
    } else {
      compare(number, 0, 2);
      load(SeccompData.arguments + 8 * where[0]);
      compare(where[1], skip(allow), skip(refuse));
    }
  }
  words.push(Bpf.return, SECCOMP_RET_EPERM);
  words.push(Bpf.return, SECCOMP_RET_ALLOW);
  return words;
}
