import { Entity, type InitOf, u32, utf8 } from "faun";

/** Rows of a commit say which one it was. */
export class Batch extends Entity("batches", { id: u32().key(), commit: u32(), rows: u32(), text: utf8() }) {}
export type BatchInit = InitOf<Batch>;

/**
 * The rows of commit `n`, many or few, with keys from `from` on. Every seventh commit replaces everything, the others
 * append.
 */
export function rowsOf(n: number, from: number): BatchInit[] {
  const rows = n % 3 === 0 ? 1500 : 1 + (n % 4);
  return Array.from({ length: rows }, (_, i) => ({ id: from + i, commit: n, rows, text: `text of commit ${n}, row ${i}` }));
}

/**
 * Holds what is stored against what was acknowledged. Gives how it ended.
 * @throws where an acknowledged commit is missing or any is there in part
 */
export function check(stored: readonly BatchInit[], acknowledged: number, begun: number | undefined): string {
  const last = stored.reduce((most, row) => Math.max(most, row.commit), 0);
  if (last !== acknowledged && last !== begun)
    throw new Error(`acknowledged ${acknowledged}, begun ${begun}, and stored is ${last}`);
  if (last < acknowledged) throw new Error(`commit ${acknowledged} was acknowledged, and ${last} is the last that is there`);
  const counts = new Map<number, { found: number; rows: number }>();
  for (const { commit, rows } of stored) {
    const count = counts.get(commit) ?? { found: 0, rows };
    count.found++;
    counts.set(commit, count);
  }
  for (const [commit, { found, rows }] of counts)
    if (found !== rows) throw new Error(`commit ${commit} has ${found} of its ${rows} rows`);
  // Nothing between the last save and the last commit is missing.
  const saved = Math.floor(last / 7) * 7;
  for (let n = Math.max(saved, 1); n <= last; n++) if (!counts.has(n)) throw new Error(`commit ${n} is missing`);
  return last === acknowledged ? (begun === acknowledged ? "idle" : "lost what was not acknowledged") : "kept what was not told";
}
