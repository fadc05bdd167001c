import type { BoundSortKey } from "../bound.ts";
import type { Batch } from "./batch.ts";
import { compile, type Evaluate } from "./evaluate.ts";
import type { Filter } from "./filter.ts";
import { scan, type Visit } from "./scan.ts";
import { keepSelection, type Selection } from "./selection.ts";
import { firstWord, hasStableWords, sortRows } from "./sort.ts";
import { concat, concatWords, gather, isValid, slice, type Vector } from "./vector.ts";

/** Rows of several batches, in some order: row `k` is row `rows[k]` of batch `batches[k]`. */
export interface BatchRows {
  readonly batches: Uint32Array;
  readonly rows: Uint32Array;
}

/** The rows that meet all conditions, in order of the batches; no more than `limit`. */
export function allMatching(batches: readonly Batch[], filters: readonly Filter[], limit: number): BatchRows {
  const found = new Collected();
  if (limit > 0) {
    const visit: Visit = (_, selection, index) => {
      const rows = keepSelection(selection);
      found.push(index, rows.length > limit - found.length ? rows.subarray(0, limit - found.length) : rows);
      return found.length >= limit;
    };
    scan(batches, filters, visit, limit < Number.POSITIVE_INFINITY ? null : undefined);
  }
  return found.rows();
}

/** The rows that meet all conditions, sorted; the first `limit` of them. Stable. */
export function sorted(
  batches: readonly Batch[],
  filters: readonly Filter[],
  keys: readonly BoundSortKey[],
  limit: number,
): BatchRows {
  const evaluate = keys.map((key) => compile(key.expr));
  return limit <= MAX_TOP ? topRows(batches, filters, keys, evaluate, limit) : sortAll(batches, filters, keys, evaluate, limit);
}

/** Rows looked at together: the first ones give the bound for the others. */
const STRETCH = 8_192;

/** Beyond this many rows everything is sorted at once. */
export const MAX_TOP = 65_536;

class Collected {
  readonly #parts: { batch: number; rows: Uint32Array }[] = [];
  length = 0;

  push(batch: number, rows: Uint32Array): void {
    this.#parts.push({ batch, rows });
    this.length += rows.length;
  }

  rows(): BatchRows {
    const batches = new Uint32Array(this.length);
    const rows = new Uint32Array(this.length);
    let at = 0;
    for (const part of this.#parts) {
      batches.fill(part.batch, at, at + part.rows.length);
      rows.set(part.rows, at);
      at += part.rows.length;
    }
    return { batches, rows };
  }
}

function sortAll(
  batches: readonly Batch[],
  filters: readonly Filter[],
  keys: readonly BoundSortKey[],
  evaluate: readonly Evaluate[],
  limit: number,
): BatchRows {
  const found = new Collected();
  const parts: Vector[][] = keys.map(() => []);
  scan(batches, filters, (batch, selection, index) => {
    evaluate.forEach((key, k) => {
      parts[k].push(key(batch, selection));
    });
    found.push(index, keepSelection(selection));
    return false;
  });
  const all = found.rows();
  const vectors = parts.map((part, k) => concat(part, keys[k].expr.type));
  const order = sortRows(keys, vectors, found.length).subarray(0, limit);
  return { batches: order.map((at) => all.batches[at]), rows: order.map((at) => all.rows[at]) };
}

/**
 * The first `limit` rows: of each batch those rows are kept that come before the last of the best `limit` so far by their
 * first word (see `sortWords`), and once many were kept they are sorted and cut.
 */
function topRows(
  batches: readonly Batch[],
  filters: readonly Filter[],
  keys: readonly BoundSortKey[],
  evaluate: readonly Evaluate[],
  limit: number,
): BatchRows {
  if (limit === 0) return { batches: new Uint32Array(0), rows: new Uint32Array(0) };
  const kept = new Candidates(keys, limit);
  scan(batches, filters, (batch, selection, index) => {
    kept.add(
      index,
      selection,
      evaluate.map((key) => key(batch, selection)),
    );
    return false;
  });
  return kept.best();
}

function consecutive(from: number, to: number): Uint32Array {
  const rows = new Uint32Array(to - from);
  for (let i = 0; i < rows.length; i++) rows[i] = from + i;
  return rows;
}

/** Rows that may be among the first, with their keys. */
class Candidates {
  readonly #keys: readonly BoundSortKey[];
  readonly #limit: number;
  readonly #room: number;
  #batches: Uint32Array[] = [];
  #rows: Uint32Array[] = [];
  #vectors: Vector[][] = [];
  #count = 0;
  /** First word of the value of the last row worth keeping, which is not null; null while any row is. */
  #bound: number | null = null;

  constructor(keys: readonly BoundSortKey[], limit: number) {
    this.#keys = keys;
    this.#limit = limit;
    this.#room = limit * 2 + 4_096;
  }

  add(batch: number, selection: Selection, vectors: readonly Vector[]): void {
    for (let from = 0; from < selection.count; from += STRETCH) {
      const to = Math.min(selection.count, from + STRETCH);
      const rows = selection.rows?.subarray(from, to) ?? consecutive(from, to);
      const whole = from === 0 && to === selection.count;
      this.#addStretch(batch, rows, whole ? vectors : vectors.map((vector) => slice(vector, from, to)));
    }
  }

  #addStretch(batch: number, rows: Uint32Array, vectors: readonly Vector[]): void {
    const at = this.#worthKeeping(vectors[0], rows.length);
    if (at.length === 0) return;
    this.#batches.push(new Uint32Array(at.length).fill(batch));
    this.#rows.push(at.map((i) => rows[i]));
    this.#vectors.push(vectors.map((vector) => gather(vector, at)));
    this.#count += at.length;
    if (this.#count > this.#room) this.#cut();
  }

  #worthKeeping(first: Vector, count: number): Uint32Array {
    const at = new Uint32Array(count);
    const bound = this.#bound;
    if (bound === null) return at.map((_, i) => i);
    const word = firstWord(this.#keys[0], first);
    const { valid } = first;
    const keepNulls = this.#keys[0].nulls === "first" ? 1 : 0;
    let m = 0;
    for (let i = 0; i < count; i++) {
      at[m] = i;
      m += valid !== null && valid[i] === 0 ? keepNulls : Number(word[i] <= bound);
    }
    return at.slice(0, m);
  }

  #cut(): void {
    const { order, vectors } = this.#sorted();
    const at = order.slice(0, this.#limit);
    const batches = concatWords(this.#batches, this.#count);
    const rows = concatWords(this.#rows, this.#count);
    this.#batches = [at.map((i) => batches[i])];
    this.#rows = [at.map((i) => rows[i])];
    this.#vectors = [vectors.map((vector) => gather(vector, at))];
    this.#count = at.length;
    if (at.length === this.#limit) this.#bound = this.#lastWord(gather(vectors[0], at.subarray(at.length - 1)));
  }

  #lastWord(last: Vector): number | null {
    return hasStableWords(last) && isValid(last, 0) ? firstWord(this.#keys[0], last)[0] : null;
  }

  #sorted(): { order: Uint32Array; vectors: Vector[] } {
    const vectors = this.#keys.map((key, k) =>
      concat(
        this.#vectors.map((part) => part[k]),
        key.expr.type,
      ),
    );
    return { order: sortRows(this.#keys, vectors, this.#count), vectors };
  }

  best(): BatchRows {
    this.#cut();
    return { batches: this.#batches[0], rows: this.#rows[0] };
  }
}
