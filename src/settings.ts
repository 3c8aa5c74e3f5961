// What can be asked for: each option by its long name, with what its value means.
//
// For those who read the arguments and those who do what they say; of what an option does,
// src/cli/options.ts has the words.

/** What was asked for. */
export interface Settings {
  readonly help?: boolean;
  readonly version?: boolean;
  readonly watch?: boolean;
  readonly explain?: boolean;
  readonly subreaper?: boolean;
  /** A signal's number. */
  readonly "parent-death-signal"?: number;
  readonly "log-reaped"?: boolean;
  readonly log?: "text" | "json";
  readonly group?: boolean;
  /** Exit codes, and what to make of them. */
  readonly "map-exit"?: ReadonlyMap<number, number>;
  /** Signals, and what to make of them; 0 stands for none. */
  readonly rewrite?: ReadonlyMap<number, number>;
  /** Seconds between SIGTERM and SIGKILL for what the command leaves behind. */
  readonly drain?: number;
  /** Seconds that the command has to end after a SIGTERM or SIGINT. */
  readonly "kill-after"?: number;
  readonly "forward-usr1"?: boolean;
  /** JSON of the shape in docs/zombies.schema.json. */
  readonly json?: boolean;
  readonly nudge?: boolean;
  /** Seconds from the start of one look to that of the next. */
  readonly every?: number;
}
