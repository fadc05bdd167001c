import { entityOf } from "../entity/entity.ts";
import type { FieldType } from "../entity/field-type.ts";
import { EntitySchema, type FieldSpec } from "../entity/schema.ts";
import { snakeCase } from "../entity/snake-case.ts";
import type { EntityClass, EntityRow } from "../entity/types.ts";
import { columnCopiers } from "../soa/copy-rows.ts";
import type { Rows } from "../soa/rows.ts";
import { SoA } from "../soa/soa.ts";
import { jsValues } from "./engine/js-value.ts";
import type { ResultColumn, ResultTable } from "./engine/result-table.ts";
import type { Vector } from "./engine/vector.ts";
import { locatePositions } from "./row-source.ts";
import type { ValueType } from "./value-type.ts";

/** The declaration of a result's columns, each of a type that holds every value of the column. */
export function resultSchema(entity: string, columns: readonly Omit<ResultColumn, "vector">[]): EntitySchema {
  const names = columns.map(({ name }) => snakeCase(name));
  const fields = columns.map(({ name, type, nullable }, index): FieldSpec => {
    const column = names.indexOf(names[index]!) === names.lastIndexOf(names[index]!) ? names[index]! : name;
    // Names of no meaning within: those of a result may be what rows call their methods.
    return {
      name: `c${index}`,
      column,
      id: index + 1,
      index,
      type: storedType(type),
      nullable,
      key: false,
      indexed: false,
      defaultValue: undefined,
    };
  });
  return new EntitySchema(entity, fields, 1);
}

/** A result in columns of the declaration that `resultSchema` made of it. */
export function resultRows(schema: EntitySchema, { columns, length }: ResultTable): Rows {
  const soa = kernelOf(schema);
  const values: Record<string, unknown> = {};
  columns.forEach((column, index) => {
    values[`c${index}`] = storedValues(column);
  });
  if (length > 0) soa.addColumns(values as never);
  return soa;
}

/** Rows of a source, given by their positions, in columns of their own; the source itself where they are all of its rows. */
export function pickRows(rows: Rows, positions: Uint32Array): Rows {
  if (isEverything(rows, positions)) return rows;
  const { name, fields, shards } = rows.schema;
  // Keys that come once in their store come once here: no index is needed to tell.
  const soa = kernelOf(new EntitySchema(name, fields.map(withoutKey), shards));
  const copy = columnCopiers(rows.codecs, soa.codecs);
  const { chunks, places } = locatePositions(rows, positions);
  soa.append((appender) => {
    appender.columns(positions.length, (field, column, at, from, count) => {
      for (let i = 0; i < count; i++) {
        copy[field]!(rows.chunkList[chunks[from + i]!]!.columns[field]!, places[from + i]!, column, at + i, 1);
      }
    });
  });
  return soa;
}

function isEverything(rows: Rows, positions: Uint32Array): boolean {
  if (positions.length !== rows.size) return false;
  for (let i = 1; i < positions.length; i++) if (positions[i]! <= positions[i - 1]!) return false;
  return true;
}

const kernelOf = (schema: EntitySchema): SoA<EntityRow> => new SoA(entityOf(schema) as unknown as EntityClass<EntityRow>);
const withoutKey = (field: FieldSpec): FieldSpec => ({ ...field, key: false, defaultValue: undefined });

/** The type of the column that holds a result: exact for every value of the result's type. */
function storedType(type: ValueType): FieldType {
  switch (type.kind) {
    case "integer":
      return type.mode === "number"
        ? { kind: "i64", mode: "number" }
        : { kind: "decimal", precision: 38, scale: 0, mode: "bigint" };
    case "null":
      return { kind: "bool" };
    case "timestamp":
      return { ...type, mode: "bigint" };
    case "decimal":
      return { ...type, mode: "bigint" };
    default:
      return type;
  }
}

function storedValues({ type, vector }: ResultColumn): unknown {
  const stored = storedType(type);
  return (vector.valid === null ? typedValues(stored, vector) : null) ?? jsValues(stored, vector);
}

/** The array of a column of this type, without a value of its own for each row; null where there is no such way. */
function typedValues(type: FieldType, vector: Vector): ArrayBufferView | null {
  if (vector.kind === "big") {
    const { values } = vector;
    if (type.kind === "u64" && values instanceof BigUint64Array) return values;
    return (type.kind === "i64" || type.kind === "timestamp") && values instanceof BigInt64Array ? values : null;
  }
  if (vector.kind !== "num") return null;
  const { values } = vector;
  switch (type.kind) {
    case "f64":
      return values;
    case "f32":
      return new Float32Array(values);
    case "u8":
      return new Uint8Array(values);
    case "u16":
      return new Uint16Array(values);
    case "u32":
      return new Uint32Array(values);
    case "i8":
      return new Int8Array(values);
    case "i16":
      return new Int16Array(values);
    case "i32":
    case "date":
      return new Int32Array(values);
    case "u64":
    case "i64": {
      const out = type.kind === "u64" ? new BigUint64Array(values.length) : new BigInt64Array(values.length);
      const words = new Uint32Array(out.buffer);
      for (let i = 0; i < values.length; i++) {
        const high = Math.floor(values[i]! / 4_294_967_296);
        words[2 * i] = values[i]! - high * 4_294_967_296;
        words[2 * i + 1] = high;
      }
      return out;
    }
    default:
      return null;
  }
}
