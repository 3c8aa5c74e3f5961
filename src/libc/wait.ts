// Children: waiting for them, by two calls.
//
// Nothing here or in signals.ts allocates when a wait succeeds: its loop can run for years.

import { ptr } from "bun:ffi";

import {
  CLD_CONTINUED,
  CLD_DUMPED,
  CLD_EXITED,
  CLD_KILLED,
  Errno,
  P_ALL,
  P_PID,
  SigInfo,
} from "./abi.ts";
import { lastErrno, SyscallError } from "./errno.ts";
import { libc, rareLibc } from "./library.ts";

const status = new Int32Array(1);
const statusPointer = ptr(status);

/** What waitpid or waitid said last of a child: see wait-status.ts. */
export function waitStatus(): number {
  return status[0] ?? 0;
}

/**
 * Reaps one child that has ended, and leaves what became of it to waitStatus. waitpid(2)
 * @param pid the child, or -1 for any
 * @returns its PID, or 0 when none has ended; also when there is no child at all (ECHILD), which
 *   is how nearly every drain ends and no reason to make an exception
 * @throws {SyscallError}
 */
export function waitpid(pid: number, options: number): number {
  const result = libc.waitpid(pid, statusPointer, options);
  if (result !== -1) return result;
  const errno = lastErrno();
  if (errno === Errno.ECHILD) return 0;
  throw new SyscallError("waitpid", errno);
}

const changed = new DataView(new ArrayBuffer(SigInfo.size));

/**
 * The same as waitpid by another call, which can also look without reaping. waitid(2)
 * @param pid the child, or -1 for any
 * @param options what to wait for, and WNOWAIT to leave it as it is
 * @throws {SyscallError}
 */
export function waitid(pid: number, options: number): number {
  changed.setInt32(SigInfo.pid, 0, true);
  const type = pid === -1 ? P_ALL : P_PID; // P_ALL ignores the PID.
  const result = rareLibc().waitid(type, pid, ptr(changed), options);
  if (result === 0) {
    status[0] = toWaitStatus(
      changed.getInt32(SigInfo.code, true),
      changed.getInt32(SigInfo.status, true),
    );
    return changed.getInt32(SigInfo.pid, true);
  }
  const errno = lastErrno();
  if (errno === Errno.ECHILD) return 0;
  throw new SyscallError("waitid", errno);
}

/** What waitpid would have said of a child. wait-status.ts has the macros. */
function toWaitStatus(code: number, value: number): number {
  if (code === CLD_EXITED) return (value & 0xff) << 8;
  if (code === CLD_KILLED) return value;
  if (code === CLD_DUMPED) return value | 0x80;
  return code === CLD_CONTINUED ? 0xffff : (value << 8) | 0x7f;
}
