// Signals by name, as people type and read them.

import { Signal, SIGRTMAX, SIGRTMIN } from "./libc/abi.ts";

/** The names of the standard signals, SIGHUP first. */
export const SIGNAL_NAMES = Object.keys(Signal);

/** Names that signal(7) gives as well, "Synonyms". */
const SYNONYMS: Readonly<Record<string, number>> = {
  SIGIOT: Signal.SIGABRT,
  SIGCLD: Signal.SIGCHLD,
  SIGPOLL: Signal.SIGIO,
  SIGRTMIN,
  SIGRTMAX,
};

/** What a signal is called: "SIGTERM", "SIGRTMIN+3". */
export function signalName(signal: number): string {
  if (signal >= SIGRTMIN && signal <= SIGRTMAX) return `SIGRTMIN+${signal - SIGRTMIN}`;
  return SIGNAL_NAMES.find((name) => Signal[name as keyof typeof Signal] === signal) ?? `${signal}`;
}

/**
 * The signal that is meant by "TERM", "SIGTERM", "term", "15", "RTMIN+3" or "SIGRTMAX-1".
 * @returns undefined where none is; 32 and 33 are libc's own (nptl(7))
 */
export function signalNumber(text: string): number | undefined {
  const name = `SIG${text.toUpperCase().replace(/^SIG/, "")}`;
  const named = Signal[name as keyof typeof Signal] ?? SYNONYMS[name];
  if (named !== undefined) return named;
  const [, base, offset] = /^SIG(RTMIN(?=\+)|RTMAX(?=-))([+-]\d{1,2})$/.exec(name) ?? [];
  const number = /^\d{1,2}$/.test(text)
    ? Number(text)
    : (base === "RTMIN" ? SIGRTMIN : SIGRTMAX) + Number(offset);
  const standard = number >= 1 && number <= Signal.SIGSYS;
  return standard || (number >= SIGRTMIN && number <= SIGRTMAX) ? number : undefined;
}
