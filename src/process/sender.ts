// Says who sent a signal.

import { SI_KERNEL } from "../libc/abi.ts";

/** Who sent a signal, as its siginfo_t tells. */
export interface Sender {
  /** `si_code`: how it was sent. */
  readonly code: number;
  /** In the receiver's PID namespace; 0 for a process that has no PID there. */
  readonly pid: number;
  /** The real user ID, in the receiver's user namespace. */
  readonly uid: number;
}

/** Says who sent a signal, in words that go into brackets after its name. */
export function describeSender({ code, pid, uid }: Sender): string {
  if (code === SI_KERNEL) return "sent by the kernel, as for Ctrl-C";
  if (pid === 0) return "sent from outside this PID namespace";
  return `sent by pid ${pid}, uid ${uid}`;
}
