// The story of pause: block the signals, read what was asked, do it, exit.

import { blockEverySignal, EVERY_SIGNAL, maskAtStart } from "./process/block.ts"; // First: it blocks.
import { asksForNothing, asksForVersion, versionLine } from "./cli/first-look.ts";
import { ExitCode } from "./exit-code.ts";
import { exit, getenv } from "./libc/process.ts";
import { answer, error, logAsJson, warn } from "./log.ts";
import { holdPod } from "./mode/pause.ts";
import { ignoreFailingWrites } from "./process/dispositions.ts";
import { readStatus } from "./process/status.ts";
import { closeSignalsInEveryThread, originalMask } from "./process/threads.ts";

/** Does what is asked for, and returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  if (asksForVersion(args)) return print(versionLine());

  const self = readStatus("/proc/self/status");
  if (asksForNothing(args)) {
    closeSignalsInEveryThread(self);
    ignoreFailingWrites();
    return holdPod(self, {});
  }

  blockEverySignal();
  closeSignalsInEveryThread(self, EVERY_SIGNAL.mask);
  ignoreFailingWrites();
  const { readRequest } = await import("./cli/request.ts");
  const { mode, settings, command, complaints, usage } = await readRequest(args, getenv);
  if (settings.help) return print(usage());
  if (settings.version) return print(versionLine());
  if (settings.log === "json") logAsJson();
  for (const complaint of complaints) (mode === "hold" ? warn : error)(complaint);
  if (mode !== "hold" && complaints.length > 0) return ExitCode.usage;

  if (mode === "zombies") {
    const { zombies } = await import("./mode/zombies.ts");
    return zombies(settings);
  }
  const mask = originalMask();
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

if (maskAtStart instanceof Error) {
  // libc may be what is missing, so it takes the runtime's own means to say so.
  console.error(`Error: Cannot block signals: ${maskAtStart.message}`);
  process.exit(ExitCode.failed);
}
exit(await main(process.argv.slice(2)));
