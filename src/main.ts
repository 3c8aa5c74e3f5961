// The story of pause: block the signals, read what was asked, hold the pod open, exit.

import { maskAtStart } from "./process/block.ts"; // First: importing it blocks the signals.
import { asksForVersion, VERSION_LINE } from "./cli/version.ts";
import { ExitCode } from "./exit-code.ts";
import { exit, getenv } from "./libc/calls.ts";
import { answer, error, quote, warn } from "./log.ts";
import { holdPod } from "./mode/pause.ts";
import { readStatus } from "./process/status.ts";
import { closeSignalsInEveryThread } from "./process/threads.ts";

/** Does what the arguments ask for, and returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  if (asksForVersion(args)) return print(VERSION_LINE);

  const self = readStatus("/proc/self/status");
  closeSignalsInEveryThread(self);

  const variable = getenv("PAUSE_WATCH") ?? "";
  if (args.length === 0 && variable === "") return holdPod(self, {});

  const { readRequest, usage } = await import("./cli/request.ts");
  const { settings, command, complaints } = await readRequest(args, { PAUSE_WATCH: variable });
  if (settings.help) return print(usage());
  if (settings.version) return print(VERSION_LINE);
  if (command.length > 0) {
    error(`Cannot run ${quote(command.join(" "))}: this version only holds a pod open`);
    return ExitCode.usage;
  }
  for (const complaint of complaints) warn(complaint);
  return holdPod(self, settings);
}

/** Prints an answer to stdout. */
function print(text: string): number {
  try {
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
