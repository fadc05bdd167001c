import { assertOptions } from "../entity/options.ts";
import { ValidationError } from "../errors.ts";
import type { OperationOptions } from "./backend.ts";

/** Where the rows come from, if they are to be taken up again after an interruption. */
export interface IngestSource<R> {
  /** Names the source: rows of the same name are taken in once. A storage remembers the position of the last 1,024 sources. */
  readonly name: string;
  /**
   * Where a row stands in the source: a number that grows from row to row and is the same each time, such as an offset.
   * @param index how many rows came before it this time
   */
  position(row: R, index: number): bigint | number;
}

export interface IngestOptions<R> extends OperationOptions {
  /** Rows of a commit: 1 to 1,000,000, default 10,000. */
  batchRows?: number;
  /** Commits that may be on their way while further rows are read: 1 to 64, default 2. */
  maxInFlight?: number;
  source?: IngestSource<R>;
}

const INGEST_OPTIONS = { batchRows: true, maxInFlight: true, source: true, signal: true, onProgress: true } as const;

export interface Ingested {
  /** Rows that were taken in. */
  readonly rows: number;
  /** Rows of a source that had been taken in before. */
  readonly skipped: number;
  /** Of the last row; undefined without a source, or without rows. */
  readonly position: bigint | undefined;
}

/** What takes the lots in. */
export interface IngestTarget {
  readonly entity: string;
  /** The position up to which a source was taken in. */
  lastPosition(source: string): Promise<bigint | undefined>;
  /** Resolves when the rows are durable. @param position of the last of them */
  take(rows: readonly unknown[], source: { readonly name: string; readonly position: bigint } | null): Promise<void>;
}

/**
 * Takes rows from a source lot by lot, with so many lots on their way that the source waits for the storage and not the
 * other way round. Each lot is there whole or not at all. Where one is refused, or the source fails, reading ends; the
 * lots before stay, and without a `source` those that were on their way may. O(rows); holds `batchRows` x (`maxInFlight` + 1) rows.
 */
export async function ingest<R>(
  target: IngestTarget,
  rows: AsyncIterable<R> | Iterable<R>,
  options: IngestOptions<R>,
): Promise<Ingested> {
  const { batchRows, maxInFlight } = checked(target.entity, rows, options);
  const { source, signal, onProgress } = options;
  signal?.throwIfAborted();
  const after = source === undefined ? undefined : await target.lastPosition(source.name);
  const inFlight = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | null = null;
  let lot: R[] = [];
  let index = 0;
  let taken = 0;
  let skipped = 0;
  let position = after;

  const send = async () => {
    const sent = lot;
    lot = [];
    const at = source === undefined || position === undefined ? null : { name: source.name, position };
    // Of a source no lot is taken in behind one that was not: it would be passed over the next time.
    const turn = at === null ? Promise.resolve() : Promise.all(inFlight);
    const done: Promise<void> = turn
      .then(() => (failure !== null && at !== null ? Promise.reject(failure.error) : target.take(sent, at)))
      .then(() => {
        taken += sent.length;
        onProgress?.({ rows: taken, bytes: 0 });
      })
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => inFlight.delete(done));
    inFlight.add(done);
    while (inFlight.size >= maxInFlight && failure === null) await Promise.race(inFlight);
  };
  const ensureSound = () => {
    signal?.throwIfAborted();
    if (failure !== null) throw failure.error;
  };

  try {
    for await (const row of rows) {
      ensureSound();
      if (source !== undefined) {
        const at = positionOf(target.entity, source, row, index, position, after);
        index++;
        if (after !== undefined && at <= after) {
          skipped++;
          continue;
        }
        position = at;
      }
      lot.push(row);
      if (lot.length >= batchRows) await send();
    }
    ensureSound();
    if (lot.length > 0) await send();
  } finally {
    // What was sent is told before the call ends.
    await Promise.all(inFlight);
  }
  ensureSound();
  return { rows: taken, skipped, position };
}

function positionOf<R>(
  entity: string,
  source: IngestSource<R>,
  row: R,
  index: number,
  previous: bigint | undefined,
  after: bigint | undefined,
): bigint {
  const given = source.position(row, index);
  const whole = typeof given === "bigint" || Number.isSafeInteger(given);
  const at = whole ? BigInt(given) : -1n;
  // Rows that are skipped were in order when they were taken in.
  const backwards = previous !== undefined && previous !== after && at <= previous;
  if (!whole || at < 0n || backwards) {
    throw new ValidationError({
      entity,
      field: `ingest source ${JSON.stringify(source.name)}: position`,
      value: given,
      expected: backwards ? `more than that of the row before (${previous})` : "an integer from 0, as a bigint or safe number",
    });
  }
  return at;
}

function checked<R>(entity: string, rows: unknown, options: IngestOptions<R>) {
  assertOptions<IngestOptions<R>>(`${entity}: ingest options`, options, INGEST_OPTIONS);
  const { batchRows = 10_000, maxInFlight = 2, source } = options;
  const refuse = (field: string, value: unknown, expected: string) => new ValidationError({ entity, field, value, expected });
  if (typeof rows !== "object" || rows === null || !(Symbol.iterator in rows || Symbol.asyncIterator in rows))
    throw refuse("ingest", rows, "an iterable or async iterable of rows");
  if (!Number.isInteger(batchRows) || batchRows < 1 || batchRows > 1_000_000)
    throw refuse("batchRows", batchRows, "an integer from 1 to 1000000");
  if (!Number.isInteger(maxInFlight) || maxInFlight < 1 || maxInFlight > 64)
    throw refuse("maxInFlight", maxInFlight, "an integer from 1 to 64");
  if (source !== undefined && (typeof source.name !== "string" || source.name === "" || typeof source.position !== "function"))
    throw refuse("source", source, "{ name, position(row, index) }");
  return { batchRows, maxInFlight };
}
