import type { RecordBatch } from "apache-arrow";
import { readArrow } from "../../arrow/read.ts";
import { recordBatchesOf } from "../../arrow/table.ts";
import { projectEntity } from "../../entity/projection.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { EntityRow } from "../../entity/types.ts";
import { findRow } from "../../soa/find-row.ts";
import type { FrozenRows } from "../../soa/frozen-rows.ts";
import { locate } from "../../soa/locate.ts";
import { RowAccess } from "../../soa/row-access.ts";
import { SoA } from "../../soa/soa.ts";

/** What became of a row below: new values by field index, or null where it is deleted. Never changed once made. */
export type Mark = ReadonlyMap<number, unknown> | null;

export interface OverlayState {
  /** The rows below are not there. */
  readonly cleared: boolean;
  readonly appended: FrozenRows<EntityRow>;
  readonly touched: SoA<EntityRow> | null;
  readonly touchedRows: number;
  readonly marks: readonly Mark[];
  readonly deletedBelow: number;
}

/** An overlay at one moment: makes of the rows below what they have become. */
export class OverlayView {
  /** The rows below are not there. */
  readonly cleared: boolean;
  /** The rows that come behind those below. */
  readonly appended: FrozenRows<EntityRow>;
  /** Rows below that are deleted. */
  readonly deletedBelow: number;
  /** Rows below of which some fields have other values. */
  readonly changedBelow: number;
  readonly #schema: EntitySchema;
  readonly #state: OverlayState;
  #keys: RowAccess<EntityRow> | null = null;
  readonly #accesses = new Map<string, RowAccess<EntityRow>>();

  constructor(schema: EntitySchema, state: OverlayState) {
    this.#schema = schema;
    this.#state = state;
    this.cleared = state.cleared;
    this.appended = state.appended;
    this.deletedBelow = state.deletedBelow;
    this.changedBelow = state.touchedRows - state.deletedBelow;
  }

  /** Whether it leaves the rows below as they are, and adds none. */
  get isEmpty(): boolean {
    return !this.cleared && !this.touchesBelow && this.appended.size === 0;
  }

  /** Whether rows below are other than they were. Where not, they may be passed on unread. */
  get touchesBelow(): boolean {
    return this.#state.touchedRows > 0;
  }

  /** Whether rows below have other values in one of these fields: what statistics say of them is then not true of the rows here. */
  changes(fields: Iterable<number>): boolean {
    if (this.changedBelow === 0) return false;
    const wanted = new Set(fields);
    return this.#state.marks
      .slice(0, this.#state.touchedRows)
      .some((mark) => mark !== null && [...mark.keys()].some((field) => wanted.has(field)));
  }

  /** Number of rows there are over so many below. */
  countOver(rowsBelow: number): number {
    return (this.cleared ? 0 : rowsBelow - this.deletedBelow) + this.appended.size;
  }

  /** Which rows of a batch from below are deleted or changed. The batch must have the key's column. O(rows of the batch). */
  touchedIn(batch: RecordBatch): Uint32Array {
    const { touched, touchedRows } = this.#state;
    const { key } = this.#schema;
    if (touched === null || touchedRows === 0 || key === null) return new Uint32Array(0);
    this.#keys ??= new RowAccess(projectEntity(this.#schema, [key.name], { keyed: false }));
    const keys = new SoA<EntityRow>(this.#keys.entity, { access: this.#keys });
    readArrow(keys, [batch]);
    const found: number[] = [];
    for (const chunk of keys.chunkList) {
      for (let at = 0; at < chunk.length; at++) {
        const row = findRow(touched, keys.codecs[0], chunk.columns[0], at);
        if (row >= 0 && row < touchedRows) found.push(chunk.start + at);
      }
    }
    return Uint32Array.from(found);
  }

  /**
   * The rows there are, in order: those of the batches below as they have become, then the new ones. Batches that
   * nothing touched are passed on as they are.
   * @param fields names of the fields that the batches have, the key among them where rows below are touched; all by default
   */
  async *over(
    below: AsyncIterable<RecordBatch> | Iterable<RecordBatch>,
    fields: readonly string[] = this.#schema.fields.map(({ name }) => name),
  ): AsyncGenerator<RecordBatch> {
    if (!this.cleared) for await (const batch of below) yield* this.merged(batch, fields);
    if (this.appended.size === 0) return;
    const indices = fields.map((name) => this.#schema.field(name).index);
    const whole = indices.length === this.#schema.fields.length;
    // Not select(), which leaves the children where they were.
    for (const batch of recordBatchesOf(this.appended)) yield whole ? batch : (batch.selectAt(indices) as RecordBatch);
  }

  /** The rows of a batch from below as they have become. */
  merged(batch: RecordBatch, fields: readonly string[]): RecordBatch[] {
    const rows = this.touchedIn(batch);
    if (rows.length === 0) return [batch];
    const { touched, marks } = this.#state;
    const access = this.#accessOf(fields);
    const soa = new SoA<EntityRow>(access.entity, { access });
    readArrow(soa, [batch]);
    const key = access.schema.field((this.#schema.key as { name: string }).name).index;
    for (const row of rows) {
      const chunk = locate(soa.chunkList, row);
      const at = row - chunk.start;
      const mark = marks[findRow(touched as SoA<EntityRow>, soa.codecs[key], chunk.columns[key], at)];
      if (mark === null) {
        soa.deleteAt(row);
        continue;
      }
      for (const [field, value] of mark) {
        const { name } = this.#schema.fields[field];
        if (!access.schema.has(name)) continue;
        const { index } = access.schema.field(name);
        soa.codecs[index].overwrite(soa.own(chunk, index), at, value);
      }
    }
    return recordBatchesOf(soa);
  }

  #accessOf(fields: readonly string[]): RowAccess<EntityRow> {
    const id = fields.join();
    let access = this.#accesses.get(id);
    if (access === undefined) {
      access = new RowAccess(projectEntity(this.#schema, fields, { keyed: false }));
      this.#accesses.set(id, access);
    }
    return access;
  }
}
