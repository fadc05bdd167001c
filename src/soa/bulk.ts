import type { Codec } from "../columns/codec.ts";
import { loadInt128 } from "../columns/codecs/decimal.ts";
import { loadSafeInteger } from "../columns/codecs/int64.ts";
import { type FixedArray, FixedColumn } from "../columns/fixed-column.ts";
import { describeType } from "../entity/field-type.ts";
import type { EntitySchema, FieldSpec } from "../entity/schema.ts";
import type { Fields, KindOf, NamesWith, ValueOf } from "../entity/types.ts";
import { invalid, missing, unknownField } from "../entity/validation.ts";
import { decimalLimit } from "../entity/values/decimal.ts";
import { dateFromTicks, dateRange } from "../entity/values/timestamp.ts";
import { ValidationError } from "../errors.ts";
import type { FillColumn } from "./appender.ts";
import type { ChunkArray } from "./chunk-array.ts";

/** Values of one field for many rows: the typed array of its column (see `SoA.chunks`), or an array of what a row holds. */
export type ColumnInit<D> = readonly ValueOf<D>[] | (KindOf<D> extends "bool" | "utf8" | "binary" ? never : ChunkArray<D>);

/** Columns of equal length. Those of nullable and defaulted fields may be absent. */
export type ColumnsInit<F extends Fields> = {
  [K in Exclude<keyof F, NamesWith<F, "nullable"> | NamesWith<F, "default">>]: ColumnInit<F[K]>;
} & { [K in NamesWith<F, "nullable"> | NamesWith<F, "default">]?: ColumnInit<F[K]> | undefined };

/** Checks the shape of columns given in bulk; gives how many rows they have and how to copy them. @throws ValidationError */
export function columnReaders(
  schema: EntitySchema,
  codecs: readonly Codec[],
  columns: object,
): { rows: number; fill: FillColumn } {
  if (typeof columns !== "object" || columns === null) {
    throw new ValidationError({ entity: schema.name, value: columns, expected: "an object with one array per field" });
  }
  const given = columns as Record<string, unknown>;
  for (const name of Object.keys(given)) if (!schema.has(name)) throw unknownField(schema, name);
  let rows = -1;
  let first = "";
  for (const { name } of schema.fields) {
    const values = given[name];
    if (values === undefined) continue;
    if (!Array.isArray(values) && !isTypedArray(values)) {
      throw new ValidationError({
        entity: schema.name,
        field: name,
        value: values,
        expected: "an array or typed array of values",
      });
    }
    const length = rowsOf(codecs[schema.field(name).index], values);
    if (!Number.isInteger(length)) {
      throw new ValidationError({ entity: schema.name, field: name, value: values, expected: "two 64-bit halves a row" });
    }
    if (rows < 0) {
      rows = length;
      first = name;
    } else if (length !== rows) {
      throw new ValidationError({
        entity: schema.name,
        field: name,
        value: values,
        expected: `${rows} values, as many as ${first} has (it has ${length})`,
      });
    }
  }
  for (const field of schema.fields) {
    if (given[field.name] === undefined && !field.nullable && field.defaultValue === undefined) throw missing(schema, field);
  }
  const fills = schema.fields.map((field) => reader(schema, field, codecs[field.index], given[field.name]));
  return { rows: Math.max(rows, 0), fill: (field, column, at, from, count) => fills[field](column, at, from, count) };
}

type Fill = (column: Parameters<FillColumn>[1], at: number, from: number, count: number) => void;
type Typed = FixedArray;

function reader(schema: EntitySchema, field: FieldSpec, codec: Codec, values: unknown): Fill {
  if (isTypedArray(values)) return typedReader(schema, field, codec, values);
  const array = values as readonly unknown[] | undefined;
  return (column, at, from, count) => {
    for (let i = 0; i < count; i++) codec.append(column, at + i, codec.take(array?.[from + i]));
  };
}

/** Copies elements as they are; only those are checked of which some bit patterns are no value of the field. */
function typedReader(schema: EntitySchema, field: FieldSpec, codec: Codec, values: Typed): Fill {
  const check = elementCheck(schema, field, codec);
  return (column, at, from, count) => {
    if (!(column instanceof FixedColumn) || column.values.constructor !== values.constructor) {
      const expected = `an array of values, or the ${column instanceof FixedColumn ? column.values.constructor.name : "column"} of a ${describeType(field.type)} column`;
      throw new ValidationError({ entity: schema.name, field: field.name, value: values, expected });
    }
    check(values, from, count);
    const { stride } = column;
    (column.values as Uint8Array).set(values.subarray(from * stride, (from + count) * stride) as Uint8Array, at * stride);
    column.markRange(at, at + count, true);
  };
}

function elementCheck(
  schema: EntitySchema,
  field: FieldSpec,
  codec: Codec,
): (values: Typed, from: number, count: number) => void {
  const { type } = field;
  if (codec.dictionary !== null) {
    const { size } = codec.dictionary;
    return (values, from, count) => {
      for (let i = from; i < from + count; i++) {
        if ((values[i] as number) < size) continue;
        throw new ValidationError({
          entity: schema.name,
          field: field.name,
          value: values[i],
          expected: `codes below ${size}, the number of its values`,
        });
      }
    };
  }
  if ((type.kind === "u64" || type.kind === "i64" || type.kind === "timestamp") && type.mode === "number") {
    return (values, from, count) => {
      const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
      for (let i = from; i < from + count; i++) {
        if (!Number.isSafeInteger(loadSafeInteger(words, i, type.kind !== "u64"))) throw invalid(schema, field, values[i]);
      }
    };
  }
  if (type.kind === "timestamp" && type.mode === "date" && (type.unit === "s" || type.unit === "ms")) {
    const limit = dateRange(type.unit).max / (type.unit === "s" ? 1000 : 1);
    return (values, from, count) => {
      const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
      for (let i = from; i < from + count; i++)
        if (!(Math.abs(loadSafeInteger(words, i, true)) <= limit)) throw invalid(schema, field, values[i]);
    };
  }
  if (type.kind === "timestamp" && type.mode === "date") {
    return (values, from, count) => {
      for (let i = from; i < from + count; i++)
        if (dateFromTicks(values[i] as bigint, type.unit) === undefined) throw invalid(schema, field, values[i]);
    };
  }
  if (type.kind === "decimal") {
    const limit = decimalLimit(type.precision);
    return (values, from, count) => {
      for (let i = from; i < from + count; i++) {
        const unscaled = loadInt128(values as BigUint64Array, i);
        if (unscaled >= limit || unscaled <= -limit) throw invalid(schema, field, unscaled);
      }
    };
  }
  return () => {};
}

const isTypedArray = (value: unknown): value is FixedArray => ArrayBuffer.isView(value) && !(value instanceof DataView);

function rowsOf(codec: Codec, values: readonly unknown[] | FixedArray): number {
  return Array.isArray(values) || codec.field.type.kind !== "decimal" ? values.length : values.length / 2;
}
