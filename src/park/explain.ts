// Says which way of waiting was taken, and why.

import { whyNoFilter } from "../libc/process.ts";
import { RULES } from "./filter.ts";
import { isOnlyThread, type WayOut } from "./park.ts";
import { firstStep } from "./plan.ts";
import type { Argument } from "./steps.ts";

/**
 * What `--explain` prints.
 * @param way the way out, or why there is none
 */
export function explain(way: WayOut | string): string {
  if (typeof way === "string") return `Rung: waits in JavaScript\nBecause: ${way}`;
  const { plan, refusal } = way;
  const alone = isOnlyThread();
  return [
    `Rung: parks in libc alone, ${alone ? "with all else unmapped" : "with nothing unmapped"}`,
    `Because: ${alone ? "this is the only thread" : "there are helper threads, which need the memory"};`,
    `  sigwait ${refusal === undefined ? "works" : "is refused, so it holds by pause, with libc's _exit as handler"};`,
    "  a context could be made, entered and left; every mapping is known",
    `Locked in: ${explainLock(alone)}`,
    "",
    "Memory:",
    ...plan.rulings.map(
      ({ start, end, fate, why }) =>
        `  ${fate.padEnd(6)} ${hex(start)}-${hex(end)} ${kilobytes(end - start)}  ${why}`,
    ),
    "",
    `Steps, from ${firstStep(alone)}:`,
    ...plan.steps.flatMap(({ name, call, arguments: values, next, why }) => [
      `  ${name}: ${call}(${values.map(describe).join(", ")})${next ? `, then ${next}` : ""}`,
      `    ${why}`,
    ]),
  ].join("\n");
}

/** Whether it is left with the calls of the last steps. */
function explainLock(alone: boolean): string {
  if (!alone) return "no, helper threads need other calls than those it makes";
  const why = whyNoFilter();
  if (why !== undefined) return `no, the kernel takes no filter: ${why}`;
  return `yes, to the ${RULES.length} system calls of the steps from look on`;
}

function describe(argument: Argument): string {
  if (typeof argument === "number")
    return argument > 9 ? `0x${argument.toString(16)}` : `${argument}`;
  if ("data" in argument) return argument.data;
  if ("step" in argument) return argument.step;
  return `&${argument.of}[${argument.argument}]`;
}

const hex = (address: number) => address.toString(16).padStart(12, "0");

const kilobytes = (bytes: number) => `${Math.round(bytes / 1024)} kB`.padStart(13);
