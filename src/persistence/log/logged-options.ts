import type { Durability } from "./log-writer.ts";

export interface LoggedOptions {
  /** Whether commits go to the log first; else every commit is a new checkpoint. */
  readonly log: boolean;
  readonly durability: Durability;
  /** Milliseconds between syncs at durability "interval". */
  readonly interval: number;
  /** Rows of the log from which it is folded into the checkpoint; more where the checkpoint has ten times as many. */
  readonly foldRows: number;
  /** Bytes of the log from which it is folded into the checkpoint; more where the checkpoint takes ten times as many. */
  readonly foldBytes: number;
  /** Reads the last checkpoint, takes no lock and refuses commits. */
  readonly readOnly: boolean;
  /** With `readOnly`: the commits of the log too. */
  readonly includeLog: boolean;
  /** What a log that is damaged before its end means: an error, or an end there. */
  readonly onDamage: "refuse" | "keep sound";
}
