import type { ForeignTable } from "../../arrow/foreign.ts";
import { ArrowReader } from "../../arrow/read.ts";
import type { Codec } from "../../columns/codec.ts";
import type { Column } from "../../columns/column.ts";
import { projectEntity } from "../../entity/projection.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { DuplicateKeyError, KeyNotFoundError } from "../../errors.ts";
import { appendRows } from "../../soa/copy-rows.ts";
import { findRow } from "../../soa/find-row.ts";
import { FrozenRows } from "../../soa/frozen-rows.ts";
import { RowAccess } from "../../soa/row-access.ts";
import { SoA } from "../../soa/soa.ts";
import type { Step } from "../change-steps.ts";
import { type KeyId, keyId } from "../key-id.ts";
import { appendStep, forEachFound, forEachKey, overwrite, places } from "../step-rows.ts";
import { type Mark, OverlayView } from "./overlay-view.ts";

/** Whether a row below an overlay has this key. Asked only for keys that the overlay itself does not settle. */
export type HasBelow = (key: unknown, kind: Step["kind"]) => boolean;

/**
 * What a run of changes makes of the rows below it, which stay as they are: those of a checkpoint. New rows lie here
 * in columns; of rows below it is noted, by key, which are deleted and what changed of others. Its cost is that of
 * the changes, whatever lies below.
 */
export class Overlay {
  readonly #entity: EntityClass<EntityRow>;
  readonly #schema: EntitySchema;
  /** The key alone, as an entity of its own. */
  readonly #keyEntity: EntityClass<EntityRow> | null;
  #cleared = false;
  #appended: SoA<EntityRow>;
  /** Keys of the rows below that are changed or deleted, each with its mark. They only grow in number. */
  #touched: SoA<EntityRow> | null;
  #marks: Mark[] = [];
  #marksLent = false;
  #deletedBelow = 0;
  #rowsTaken = 0;

  constructor(entity: EntityClass<EntityRow>, schema: EntitySchema) {
    this.#entity = entity;
    this.#schema = schema;
    this.#keyEntity = schema.key === null ? null : projectEntity(schema, [schema.key.name]);
    this.#appended = unseen(entity);
    this.#touched = this.#keyEntity === null ? null : keysOf(this.#keyEntity);
  }

  /** Rows that the changes so far carried: what taking them in anew would cost. */
  get rowsTaken(): number {
    return this.#rowsTaken;
  }

  /** Whether the rows below are seen as they are, and none besides. */
  get isEmpty(): boolean {
    return this.#rowsTaken === 0 && !this.#cleared;
  }

  /** Number of rows there are over so many below. */
  countOver(rowsBelow: number): number {
    return (this.#cleared ? 0 : rowsBelow - this.#deletedBelow) + this.#appended.size;
  }

  /** As it is now, whatever is applied later. O(changed rows below). */
  view(): OverlayView {
    this.#marksLent = true;
    return new OverlayView(this.#schema, {
      cleared: this.#cleared,
      appended: new FrozenRows(this.#appended),
      touched: this.#touched,
      touchedRows: this.#touched?.length ?? 0,
      marks: this.#marks,
      deletedBelow: this.#deletedBelow,
    });
  }

  /** The keys of these steps of which only the rows below can tell whether they are there. O(rows of the steps). */
  unsettled(steps: readonly Step[]): unknown[] {
    const keys = new Map<KeyId, unknown>();
    if (this.#schema.key === null) return [];
    for (const step of steps) {
      if (step.kind === "clear") break;
      const { index } = step.rows.schema.key as { index: number };
      const codec = step.rows.codecs[index];
      for (const { chunk, at } of places(step.rows)) {
        if (this.settles(codec, chunk.columns[index], at) !== undefined) continue;
        const key = codec.read(chunk.columns[index], at);
        keys.set(keyId(key), key);
      }
    }
    return [...keys.values()];
  }

  /**
   * Checks that the steps, made in order, would succeed, so that `apply` cannot fail for their data.
   * O(rows of the steps). @throws DuplicateKeyError, KeyNotFoundError
   */
  check(steps: readonly Step[], hasBelow: HasBelow): void {
    const { key: field, name } = this.#schema;
    if (field === null) return;
    const changed = new Map<KeyId, boolean>();
    let cleared = false;
    steps.forEach((step, i) => {
      if (step.kind === "clear") {
        changed.clear();
        cleared = true;
        return;
      }
      const { index } = step.rows.schema.key as { index: number };
      const codec = step.rows.codecs[index];
      const last = i === steps.length - 1;
      forEachKey(step.rows, (key, chunk, at) => {
        const has =
          changed.get(keyId(key)) ?? (!cleared && (this.settles(codec, chunk.columns[index], at) ?? hasBelow(key, step.kind)));
        if (step.kind === "append" && has) throw new DuplicateKeyError(name, field.name, key);
        if (step.kind === "update" && !has) throw new KeyNotFoundError(name, field.name, key);
        if (!last) changed.set(keyId(key), step.kind !== "delete");
      });
    });
  }

  /** Makes the steps, which `check` let pass. O(rows of the steps). */
  apply(steps: readonly Step[], hasBelow: HasBelow): void {
    for (const step of steps) {
      if (step.kind === "clear") {
        this.#clear();
        continue;
      }
      this.#rowsTaken += step.rows.size;
      if (step.kind === "append") {
        appendStep(this.#appended, step);
      } else if (step.kind === "delete") {
        this.#delete(step.rows, hasBelow);
      } else {
        this.#change(step.kind, step.rows, hasBelow);
      }
    }
  }

  /** New rows, as `apply` takes those of an append; known to have keys that are not there. */
  append(table: ForeignTable, rows: number): void {
    new ArrowReader(this.#appended).readTable(table);
    this.#rowsTaken += rows;
  }

  #clear(): void {
    // New ones: views of what was are still held.
    this.#cleared = true;
    this.#appended = unseen(this.#entity);
    this.#touched = this.#keyEntity === null ? null : keysOf(this.#keyEntity);
    this.#marks = [];
    this.#marksLent = false;
    this.#deletedBelow = 0;
  }

  /** Whether a row with this key is there; undefined where only the rows below can tell. */
  has(key: unknown): boolean | undefined {
    if (this.#appended.find(key) >= 0) return true;
    if (this.#cleared) return false;
    const row = this.#touched === null ? -1 : this.#touched.find(key);
    return row < 0 ? undefined : this.#marks[row] !== null;
  }

  /** Whether a row with the key at `at` of a key column is there; undefined where only the rows below can tell. */
  settles(codec: Codec, keys: Column, at: number): boolean | undefined {
    if (findRow(this.#appended, codec, keys, at) >= 0) return true;
    if (this.#cleared) return false;
    const mark = this.#markOf(codec, keys, at);
    return mark === undefined ? undefined : mark !== null;
  }

  #markOf(codec: Codec, keys: Column, at: number): Mark | undefined {
    if (this.#touched === null) return undefined;
    const row = findRow(this.#touched, codec, keys, at);
    return row < 0 ? undefined : this.#marks[row];
  }

  #delete(keys: SoA<EntityRow>, hasBelow: HasBelow): void {
    const { index } = keys.schema.key as { index: number };
    const codec = keys.codecs[index];
    forEachFound(this.#appended, keys, (row, chunk, at) => {
      if (row >= 0) {
        this.#appended.deleteAt(row);
        return;
      }
      if (this.#cleared || this.#markOf(codec, chunk.columns[index], at) === null) return;
      const key = codec.read(chunk.columns[index], at);
      if (this.#markOf(codec, chunk.columns[index], at) === undefined && !hasBelow(key, "delete")) return;
      this.#mark(key, codec, chunk.columns[index], at, null);
      this.#deletedBelow++;
    });
  }

  #change(kind: "update" | "upsert", rows: SoA<EntityRow>, hasBelow: HasBelow): void {
    const { index } = rows.schema.key as { index: number };
    const codec = rows.codecs[index];
    const fields = rows.schema.fields.filter((field) => !field.key);
    const targets = fields.map((field) => this.#schema.field(field.name).index);
    const added = new Set<number>();
    forEachFound(this.#appended, rows, (row, chunk, at) => {
      if (row >= 0) {
        overwrite(this.#appended, row, rows, chunk, at);
        return;
      }
      const keys = chunk.columns[index];
      const key = codec.read(keys, at);
      if (!(this.settles(codec, keys, at) ?? hasBelow(key, kind))) {
        added.add(chunk.start + at);
        return;
      }
      const values = new Map(this.#markOf(codec, keys, at) ?? []);
      fields.forEach((field, i) => {
        values.set(targets[i], rows.codecs[field.index].read(chunk.columns[field.index], at));
      });
      this.#mark(key, codec, keys, at, values);
    });
    if (added.size === 0) return;
    for (const { chunk, at } of places(rows)) if (!added.has(chunk.start + at)) rows.deleteAt(chunk.start + at);
    appendRows(this.#appended, rows);
  }

  #mark(key: unknown, codec: Codec, keys: Column, at: number, mark: Mark): void {
    if (this.#touched === null || this.#schema.key === null) return;
    if (this.#marksLent) {
      this.#marks = this.#marks.slice();
      this.#marksLent = false;
    }
    const row = findRow(this.#touched, codec, keys, at);
    if (row >= 0) {
      this.#marks[row] = mark;
    } else {
      this.#touched.add({ [this.#schema.key.name]: key } as never);
      this.#marks.push(mark);
    }
  }
}

/** By the class of the key alone. */
const keyAccesses = new WeakMap<EntityClass<EntityRow>, RowAccess<EntityRow>>();

/** A kernel of keys. What is made to write them is kept, unless strings would be kept with it. */
function keysOf(entity: EntityClass<EntityRow>): SoA<EntityRow> {
  const access = keyAccesses.get(entity) ?? new RowAccess(entity);
  if (access.codecs.every(({ dictionary }) => dictionary === null)) keyAccesses.set(entity, access);
  return new SoA<EntityRow>(entity, { access });
}

/** A kernel whose rows nobody looks at one by one. */
const unseen = (entity: EntityClass<EntityRow>) => new SoA<EntityRow>(entity, { access: new RowAccess(entity) });
