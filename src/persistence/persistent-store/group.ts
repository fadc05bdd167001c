import type { RecordBatch } from "apache-arrow";
import { recordBatchesOf } from "../../arrow/table.ts";
import type { EntityRow } from "../../entity/types.ts";
import { FaunError, UnsupportedError } from "../../errors.ts";
import { appendRows } from "../../soa/copy-rows.ts";
import { locate } from "../../soa/locate.ts";
import { RowRange } from "../../soa/row-range.ts";
import type { SoA } from "../../soa/soa.ts";
import type { Change } from "../backend.ts";
import type { KeyId } from "../key-id.ts";
import { type AddOperation, type Operation, succeed, type UpsertOperation } from "./operation.ts";
import type { PartialRows, Patch } from "./partial-rows.ts";

/**
 * Operations that are made durable together. They are folded as they come: new rows lie staged in columns, of rows
 * that are there already the last value of each field is kept, and keys to delete are a set. A row staged here is not
 * deleted here: that is the next group's.
 */
export class Group {
  readonly staged: SoA<EntityRow>;
  readonly operations: Operation[] = [];
  /** Of rows that are there and of rows staged here. */
  readonly patches = new Map<KeyId, Patch>();
  /** Keys of rows that are there; one may be staged anew. */
  readonly deleted = new Map<KeyId, unknown>();
  /** The last operation on each key, but for those that staged a row. */
  readonly touched = new Map<KeyId, Operation>();
  /** It is on its way, and takes no more operations. */
  sealed = false;
  /** It may still have to be applied, and keeps its rows. */
  held = false;
  /** The operations that staged rows, and the first row of each, ascending: `row` of an operation moves on when it is staged elsewhere again. */
  readonly #adders: Operation[] = [];
  readonly #firstRows: number[] = [];
  /** The staged rows with their patches, where there are any. */
  #patched: SoA<EntityRow> | null = null;

  constructor(staged: SoA<EntityRow>) {
    this.staged = staged;
  }

  /** Kernels that may be used again once the group is settled. */
  get kernels(): SoA<EntityRow>[] {
    return this.#patched === null ? [this.staged] : [this.staged, this.#patched];
  }

  /** The row staged under a key, or -1. */
  find(key: unknown): number {
    return this.staged.size === 0 ? -1 : this.staged.find(key);
  }

  /** Takes an operation in that staged `count` rows from row `first` on. */
  stagedBy(operation: AddOperation | UpsertOperation, first: number, count: number): void {
    operation.row = first;
    this.operations.push(operation);
    if (count === 0) return;
    this.#adders.push(operation);
    this.#firstRows.push(first);
  }

  /** The operation that staged a row. */
  #adderOf(row: number): Operation {
    let low = 0;
    let high = this.#adders.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#firstRows[middle] <= row) low = middle;
      else high = middle - 1;
    }
    return this.#adders[low];
  }

  /** The last operation here on a key. */
  lastOn(key: unknown, id: KeyId): Operation | null {
    const touched = this.touched.get(id) ?? null;
    if (touched !== null && touched.kind !== "delete") return touched;
    // What is staged here under a key deleted here came after the deletion.
    const row = this.find(key);
    return row >= 0 ? this.#adderOf(row) : touched;
  }

  patch(key: unknown, id: KeyId, values: Iterable<readonly [field: number, value: unknown]>): void {
    let patch = this.patches.get(id);
    for (const [field, value] of values) {
      if (patch === undefined) {
        patch = { key, values: new Map() };
        this.patches.set(id, patch);
      }
      patch.values.set(field, value);
    }
  }

  /**
   * Takes no more operations, and gives what is to be made durable: deletions, then updates, then new rows.
   * @param spare gives an empty kernel
   */
  seal(partial: PartialRows, spare: () => SoA<EntityRow>): Change[] {
    this.sealed = true;
    const changes: Change[] = [];
    if (this.deleted.size > 0) {
      const keys = recordBatchesOf(partial.ofKeys([...this.deleted.values()]));
      changes.push({ kind: "delete", keys: () => keys });
    }
    for (const { fields, rows } of partial.ofPatches(this.#patchesOf(false))) {
      const batches = recordBatchesOf(rows);
      changes.push({ kind: "update", fields, rows: () => batches });
    }
    if (this.staged.size > 0) {
      const soa = this.#inserts(spare);
      changes.push({ kind: "append", rows: batchesOf(soa), soa });
    }
    return changes;
  }

  /** Makes the changes in memory, where they cannot fail for their data, and resolves the operations. */
  apply(memory: SoA<EntityRow>): void {
    // Before deletions: a row may be overwritten first.
    for (const operation of this.operations) {
      if (operation.kind === "upsert" && operation.row < 0) operation.overwritten = memory.find(operation.key);
    }
    for (const key of this.deleted.values()) memory.deleteAt(memory.find(key));
    for (const patch of this.#patchesOf(false)) overwrite(memory, patch);
    const { first } = this.staged.size === 0 ? { first: memory.length } : appendRows(memory, this.#patched ?? this.staged);
    for (const operation of this.operations) if (operation.state === "pending") succeed(operation, resultOf(operation, first));
  }

  /** The rows as they are added: patches of rows staged here are written into a copy, for the rows may be needed again without. */
  #inserts(spare: () => SoA<EntityRow>): SoA<EntityRow> {
    const patches = this.#patchesOf(true);
    if (patches.length === 0) return this.staged;
    if (this.#patched === null) {
      this.#patched = spare();
      appendRows(this.#patched, this.staged);
      for (const patch of patches) overwrite(this.#patched, patch);
    }
    return this.#patched;
  }

  #patchesOf(staged: boolean): Patch[] {
    return [...this.patches.values()].filter((patch) => this.find(patch.key) >= 0 === staged);
  }
}

/** The rows as batches, made when they are first asked for: few backends do. */
function batchesOf(soa: SoA<EntityRow>): () => RecordBatch[] {
  let batches: RecordBatch[] | undefined;
  return () => {
    try {
      batches ??= recordBatchesOf(soa);
    } catch (cause) {
      throw notAsBatches(soa.schema.name, cause);
    }
    return batches;
  };
}

/** The error for rows that Arrow batches cannot be made of. */
export function notAsBatches(entity: string, cause: unknown): FaunError {
  if (cause instanceof FaunError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new UnsupportedError(`${entity}: the changes could not be put into Arrow batches: ${why}`, { cause });
}

function overwrite(soa: SoA<EntityRow>, { key, values }: Patch): void {
  const row = soa.find(key);
  const chunk = locate(soa.chunkList, row);
  for (const [field, value] of values) soa.codecs[field].overwrite(soa.own(chunk, field), row - chunk.start, value);
}

function resultOf(operation: Operation, first: number): unknown {
  switch (operation.kind) {
    case "add":
      return operation.batch ? new RowRange(first + operation.row, operation.count) : first + operation.row;
    case "upsert":
      return operation.row >= 0 ? first + operation.row : operation.overwritten;
    case "delete":
      return operation.found;
    case "update":
      return undefined;
  }
}
