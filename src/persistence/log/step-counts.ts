import type { Commit, Transaction } from "../backend.ts";
import type { Step } from "../change-steps.ts";
import type { CheckpointFacts } from "./checkpoint.ts";

/** Whether nothing of what was there is left once the steps are made. */
export const startsAnew = (steps: readonly Step[]): boolean => steps[0]?.kind === "clear";

export const rowsOf = (steps: readonly Step[]): number =>
  steps.reduce((sum, step) => sum + (step.kind === "clear" ? 0 : step.rows.size), 0);

/** Of settled steps: rows deleted are there, rows appended are not. */
export function rowsAfter(before: number, steps: readonly Step[]): number {
  return steps.reduce((rows, step) => {
    if (step.kind === "clear") return 0;
    if (step.kind === "append") return rows + step.rows.size;
    return step.kind === "delete" ? rows - step.rows.size : rows;
  }, before);
}

export function factsAfter({ writers, commits }: CheckpointFacts, commit: Commit, txn?: Transaction): CheckpointFacts {
  const after = new Map(writers);
  if (txn !== undefined) {
    after.delete(txn.writer);
    after.set(txn.writer, { seq: txn.seq, commit });
  }
  return { seq: BigInt(commit.version), writers: after, commits: commits.with(commit) };
}
