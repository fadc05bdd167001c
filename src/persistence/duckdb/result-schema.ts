import { CODE_LIMIT } from "../../columns/dictionary.ts";
import type { FieldType } from "../../entity/field-type.ts";
import { EntitySchema, type FieldSpec } from "../../entity/schema.ts";
import { UnsupportedError } from "../../errors.ts";
import type { Api, Binding, DuckModules, DuckResult, LogicalType } from "./binding.ts";

/**
 * The columns of a result as a declaration, so that they are read as the columns of an entity are. Names of fields are
 * c0, c1, …; those of columns are the result's, told apart where two would be the same.
 * @throws UnsupportedError for a type that is none of a field
 */
export function resultSchema({ binding, api }: DuckModules, result: DuckResult): EntitySchema {
  const names = columnNames(api, result);
  const types = names.map((name, i) => fieldType(binding, binding.column_logical_type(result, i), name));
  return schemaOfColumns(names.map((name, i) => ({ name, type: types[i] as FieldType, nullable: true })));
}

/** The names of the columns of a result, with :1, :2, … behind those that came before. */
export function columnNames(api: Api, result: DuckResult): string[] {
  const names = new Set<string>();
  for (const name of new api.DuckDBResult(result).columnNames()) {
    let own = name;
    for (let i = 1; names.has(own); i++) own = `${name}:${i}`;
    names.add(own);
  }
  return [...names];
}

/** The declaration of columns that are only read. */
export function schemaOfColumns(columns: readonly { name: string; type: FieldType; nullable: boolean }[]): EntitySchema {
  const fields = columns.map(
    ({ name, type, nullable }, index): FieldSpec => ({
      name: `c${index}`,
      column: name,
      id: index + 1,
      index,
      type,
      nullable,
      key: false,
      indexed: false,
      defaultValue: undefined,
    }),
  );
  return new EntitySchema("result", fields, 1);
}

const PLAIN: Readonly<Record<string, FieldType>> = {
  BOOLEAN: { kind: "bool" },
  UTINYINT: { kind: "u8" },
  USMALLINT: { kind: "u16" },
  UINTEGER: { kind: "u32" },
  UBIGINT: { kind: "u64", mode: "bigint" },
  TINYINT: { kind: "i8" },
  SMALLINT: { kind: "i16" },
  INTEGER: { kind: "i32" },
  BIGINT: { kind: "i64", mode: "bigint" },
  FLOAT: { kind: "f32" },
  DOUBLE: { kind: "f64" },
  VARCHAR: { kind: "utf8" },
  BLOB: { kind: "binary" },
  DATE: { kind: "date" },
  TIMESTAMP_S: { kind: "timestamp", unit: "s", timezone: null, mode: "bigint" },
  TIMESTAMP_MS: { kind: "timestamp", unit: "ms", timezone: null, mode: "bigint" },
  TIMESTAMP: { kind: "timestamp", unit: "us", timezone: null, mode: "bigint" },
  TIMESTAMP_NS: { kind: "timestamp", unit: "ns", timezone: null, mode: "bigint" },
  TIMESTAMP_TZ: { kind: "timestamp", unit: "us", timezone: "UTC", mode: "bigint" },
  // 128 bits both; sums of integers are of this type.
  HUGEINT: { kind: "decimal", precision: 38, scale: 0, mode: "bigint" },
  SQLNULL: { kind: "i32" },
};

function fieldType(binding: Binding, type: LogicalType, column: string): FieldType {
  const id = binding.get_type_id(type);
  const name = Object.keys(binding.Type).find((key) => binding.Type[key as keyof Binding["Type"]] === id) ?? String(id);
  if (name === "DECIMAL")
    return { kind: "decimal", precision: binding.decimal_width(type), scale: binding.decimal_scale(type), mode: "bigint" };
  if (name === "ENUM") {
    const size = binding.enum_dictionary_size(type);
    const values = Array.from({ length: size }, (_, i) => binding.enum_dictionary_value(type, i));
    return { kind: "enum", codes: size <= CODE_LIMIT.u8 ? "u8" : size <= CODE_LIMIT.u16 ? "u16" : "u32", values };
  }
  const plain = PLAIN[name];
  if (plain !== undefined) return plain;
  throw new UnsupportedError(
    `the column ${JSON.stringify(column)} is of DuckDB's type ${name}, which has no column in Arrow here; CAST it (to VARCHAR, say), or read rows instead`,
  );
}
