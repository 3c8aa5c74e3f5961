// The story of pause: read what was asked, do it, exit.

import { asksForNothing } from "./cli/variables.ts";
import { ExitCode } from "./exit-code.ts";
import { SIG_BLOCK } from "./libc/abi.ts";
import type { MaskWords } from "./libc/at-once.ts";
import { exit, getenv } from "./libc/process.ts";
import { SignalSet, sigprocmask } from "./libc/signals.ts";
import { answer, error, logAsJson, warn } from "./log.ts";
import { holdPod } from "./mode/pause.ts";
import { ignoreFailingWrites } from "./process/dispositions.ts";
import { blockEverySignal, EVERY_SIGNAL, WAITED } from "./process/mask.ts";
import { readStatus } from "./process/status.ts";
import { closeSignalsInEveryThread, originalMask } from "./process/threads.ts";

/** What main.ts has found and done. */
export interface Beginning {
  /** What people have typed. */
  readonly args: readonly string[];
  /** What the version options print. */
  readonly version: string;
  /** That it is asked for, and that stdout did not take it at once. */
  readonly asksForVersion: boolean;
  /** The signal mask before the block, as two words; undefined where blocking failed. */
  readonly mask: MaskWords | undefined;
}

/** Does what is asked for, and ends the process. */
export async function play(beginning: Beginning): Promise<never> {
  let blocked: SignalSet;
  try {
    // Done already but where that failed; then this says why.
    blocked = sigprocmask(SIG_BLOCK, new SignalSet(WAITED));
  } catch (failure) {
    // libc may be what is missing, so it takes the runtime's own means to say so.
    console.error(`Error: Cannot block signals: ${(failure as Error).message}`);
    process.exit(ExitCode.failed);
  }
  const { mask } = beginning;
  exit(await main(beginning, mask === undefined ? blocked : new SignalSet(...mask)));
}

/** Does what is asked for, and returns the exit code. */
async function main(beginning: Beginning, maskAtStart: SignalSet): Promise<number> {
  const { args, version } = beginning;
  if (beginning.asksForVersion) return print(version);

  const self = readStatus("/proc/self/status");
  if (asksForNothing(args)) {
    closeSignalsInEveryThread(self, maskAtStart);
    ignoreFailingWrites();
    return holdPod(self, {});
  }

  blockEverySignal();
  closeSignalsInEveryThread(self, maskAtStart, EVERY_SIGNAL.mask);
  ignoreFailingWrites();
  const { readRequest } = await import("./cli/request.ts");
  const { mode, settings, command, complaints, usage } = await readRequest(args, getenv);
  if (settings.help) return print(usage());
  if (settings.version) return print(version);
  if (settings.log === "json") logAsJson();
  for (const complaint of complaints) (mode === "hold" ? warn : error)(complaint);
  if (mode !== "hold" && complaints.length > 0) return ExitCode.usage;

  const mask = originalMask(maskAtStart);
  if (mode === "zombies") {
    const { zombies } = await import("./mode/zombies.ts");
    return zombies(settings, mask);
  }
  if (mode === "run") {
    const { runCommand } = await import("./mode/run.ts");
    return runCommand(command, settings, self, mask);
  }
  const { holdAsAsked } = await import("./mode/hold.ts");
  return holdAsAsked(self, settings, mask);
}

/** Prints an answer to stdout. */
function print(text: string): number {
  try {
    ignoreFailingWrites();
    answer(text);
    return ExitCode.ok;
  } catch (failure) {
    error(`Cannot write to stdout: ${(failure as Error).message}`);
    return ExitCode.failed;
  }
}
