/** Arrow tables of one column, as others would make them. */
import { type Data, type DataType, makeData, RecordBatch, Table, type Vector, vectorFromArray } from "apache-arrow";
import { category, Entity, type EntityClass, enumOf, type Field, Store, u32 } from "faun";
import type { FieldKind } from "../../src/entity/field-type.ts";
import type { FieldFlag } from "../../src/entity/fields.ts";

export type Declared = Field<FieldKind, unknown, FieldFlag>;
type Row = { readonly value: unknown };

/** An entity of the one field `value`. */
export function entityOf(field: unknown) {
  return class extends Entity("things", { value: field as Declared }) {} as unknown as EntityClass<never>;
}

/** What a field of this declaration reads of an Arrow table. */
export function read(field: unknown, input: unknown): unknown[] {
  const store = Store.fromArrow(entityOf(field), input as never);
  return [...(store as unknown as Iterable<Row>)].map((row) => row.value);
}

export function tableOf(...batches: Data[]): Table {
  return new Table(batches.map((value) => new RecordBatch({ value })));
}

/** A column built by apache-arrow. */
export function column(type: DataType, values: readonly unknown[]): Table {
  return new Table({ value: vectorFromArray(values, type as never) } as never);
}

/** A column of these very buffers. */
export function bytes(type: DataType, data: ArrayBufferView, length: number, rest: object = {}): Table {
  return tableOf(makeData({ type, data, length, nullCount: 0, ...rest } as never) as Data);
}

/** A dictionary-encoded column of these very codes and values. */
export function coded(type: DataType, codes: ArrayBufferView, values: Vector, rest: object = {}): Table {
  return tableOf(makeData({ type, data: codes, dictionary: values, nullCount: 0, ...rest } as never) as Data);
}

export class Tag extends Entity("tags", {
  id: u32().key(),
  kind: enumOf("a", "b", "c"),
  tag: category({ codes: "u32" }).nullable(),
}) {}
