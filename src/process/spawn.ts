// Starts a command the way posix_spawn(3) does, and hands on all of what pause itself was given.
//
// clone(2) makes a child that borrows this process's memory while this process sleeps, until the
// child has executed the command or ended. Between the two no JavaScript can run, since it would
// run on memory that is in use; so what has to be done there is a chain of contexts, each a call of
// libc. posix_spawn does nearly the same; but it cannot leave SIGCHLD ignored for the child, which
// in pause must not be, nor, before glibc 2.35, put it in the foreground of its terminal before it
// begins to read from it.

import {
  CLONE_PARENT_SETTID,
  CLONE_VFORK,
  CLONE_VM,
  PR_SET_PDEATHSIG,
  SIG_BLOCK,
  SIG_IGN,
  SigAction,
  Signal,
} from "../libc/abi.ts";
import { clone } from "../libc/child.ts";
import {
  CALL_STACK,
  contextLayout,
  contextSize,
  type ContextSite,
  testContexts,
  TOP,
  UnknownLayout,
  writeContext,
} from "../libc/contexts.ts";
import { SyscallError } from "../libc/errno.ts";
import {
  addressOfBytes,
  mapMemory,
  openGlibc,
  symbolAddress,
  threadStorage,
  unmapMemory,
} from "../libc/glibc.ts";
import { putWord } from "../libc/memory.ts";
import { argumentVector } from "../libc/process.ts";
import { maskOf, type SignalMask, SignalSet, sigprocmask } from "../libc/signals.ts";
import { ExitCode } from "../exit-code.ts";

/** What to start, and what to give it. */
export interface Start {
  /** The arguments from argv[0] on, each ended by a NUL. */
  readonly argv: Uint8Array;
  /** Its signal mask. */
  readonly mask: SignalSet;
  /** The signals that it is to ignore, of those whose disposition pause has changed. */
  readonly ignored: SignalMask;
  /** A descriptor of the terminal whose foreground it is to be. */
  readonly terminal?: number | undefined;
  /** What it gets when pause dies. */
  readonly parentDeathSignal?: number | undefined;
}

/** The signals whose disposition pause changes for itself. */
const CHANGED = [Signal.SIGPIPE, Signal.SIGXFSZ, Signal.SIGCHLD] as const;

/** For a step's argument: the child's PID, which the kernel puts there as it makes the child. */
const PID = Symbol("pid");

/** A call of a libc function. */
type Step = readonly [call: string, ...values: (number | typeof PID)[]];

/** What steps point to, one after the other at the end of the arena; offsets in bytes. */
const Constants = {
  size: 2 * SigAction.size + 16,
  defaultAction: 0, // Stays zero: SIG_DFL, no flags.
  ignore: SigAction.size,
  errno: 2 * SigAction.size,
  pid: 2 * SigAction.size + 8,
} as const;

/**
 * Starts a command. All signals must be blocked.
 * @returns its PID, which is also its process group
 * @throws {SyscallError} of clone where there can be no new process; of execvp where the command
 *   cannot be executed
 * @throws {UnknownLayout} where contexts cannot be made: under musl
 */
export function spawn(start: Start): number {
  const layout = contextLayout();
  const glibc = openGlibc();
  if (layout === undefined || glibc === undefined) {
    throw new UnknownLayout("Cannot make contexts: it takes glibc, on x64 or arm64");
  }
  const { vector, count } = argumentVector(start.argv);
  const blocked = sigprocmask(SIG_BLOCK, new SignalSet()).mask;
  const size = contextSize(layout);
  // A file without "#!" is run by a shell, for which execvp puts a longer vector on the stack.
  const stackSize = CALL_STACK + 16 * count;
  const stack = MAX_STEPS * size;
  const constants = stack + stackSize + MAX_STEPS * TOP;
  const arena = mapMemory(glibc, constants + Constants.size, 4096);
  if (arena === undefined) throw new UnknownLayout("Cannot map memory for contexts");
  try {
    const site: ContextSite = { glibc, arena, layout, blocked };
    testContexts(site, symbolAddress(glibc, "memcpy"));
    putWord(arena.view, constants + Constants.ignore + SigAction.handler, SIG_IGN);
    const vectors = [addressOfBytes(start.argv), addressOfBytes(vector)] as const;
    const steps = stepsOf(start, vectors, arena.start + constants);
    let pidAt = arena.start + constants + Constants.pid;
    for (const [index, [call, ...values]] of steps.entries()) {
      const at = arena.start + index * size;
      const slot = layout.arguments[values.indexOf(PID)];
      if (slot !== undefined) pidAt = at + slot;
      writeContext(site, at, {
        enter: symbolAddress(glibc, call),
        arguments: values.map((value) => (value === PID ? 0 : value)),
        link: at + size,
        stack: arena.start + stack,
        stackSize: stackSize + index * TOP,
      });
      // A context is entered with the signal mask that it holds: all blocked, until there is
      // nothing left to be interrupted.
      if (call === "execvp") {
        arena.view.setUint32(at - arena.start + layout.mask, start.mask.low, true);
        arena.view.setUint32(at - arena.start + layout.mask + 4, start.mask.high, true);
      }
    }
    const pid = clone({
      enter: symbolAddress(glibc, "setcontext"),
      argument: arena.start,
      stack: arena.start + stack + CALL_STACK / 2,
      flags: CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | Signal.SIGCHLD,
      pidAt,
    });
    const errno = arena.view.getInt32(constants + Constants.errno, true);
    if (errno !== 0) throw new SyscallError("execvp", errno);
    return pid;
  } finally {
    unmapMemory(arena);
  }
}

/** As many as there can be. */
const MAX_STEPS = 9;

/** What the child does, call by call. None that fails keeps it from the next. */
function stepsOf(
  { terminal, ignored, parentDeathSignal }: Start,
  [file, argv]: readonly [number, number],
  constants: number,
): Step[] {
  const steps: Step[] = [["setpgid", 0, 0]];
  if (terminal !== undefined) steps.push(["tcsetpgrp", terminal, PID]);
  for (const signal of CHANGED) {
    const ignore = (ignored & maskOf(signal)) !== 0;
    const action = constants + (ignore ? Constants.ignore : Constants.defaultAction);
    steps.push(["sigaction", signal, action, 0]);
  }
  if (parentDeathSignal !== undefined) steps.push(["prctl", PR_SET_PDEATHSIG, parentDeathSignal]);
  steps.push(
    ["execvp", file, argv],
    // Still here, so it failed. The memory is this process's too, and so is errno.
    ["memcpy", constants + Constants.errno, threadStorage(), 4],
    ["_exit", ExitCode.notFound],
  );
  return steps;
}
