import { projectEntity } from "../../entity/projection.ts";
import type { EntitySchema, FieldSpec } from "../../entity/schema.ts";
import type { EntityRow } from "../../entity/types.ts";
import { entityScope } from "../../query/bind.ts";
import { bindExpression } from "../../query/bind-expression.ts";
import type { BoundExpression } from "../../query/bound.ts";
import type { Expression, Literal } from "../../query/expression.ts";
import { literalOf } from "../../query/literal.ts";
import { findRow } from "../../soa/find-row.ts";
import { SoA } from "../../soa/soa.ts";
import type { OperationOptions } from "../backend.ts";
import { type KeyId, keyId } from "../key-id.ts";
import type { ParquetFile } from "./parquet-file.ts";
import { decodeFile, matchingRowGroups } from "./scan-file.ts";

/** Keys up to which row groups are looked for one by one; more by their least and greatest. */
const FEW = 64;

/**
 * Which of these keys rows of the file have. Reads the key's column of the row groups whose statistics do not rule all
 * of them out: none where keys only grow. O(rows of those).
 * @throws CorruptDataError, IoError
 */
export async function findKeys(
  file: ParquetFile,
  schema: EntitySchema,
  keys: readonly unknown[],
  options: OperationOptions = {},
): Promise<Set<KeyId>> {
  const found = new Set<KeyId>();
  const { key: field } = schema;
  if (field === null || keys.length === 0) return found;
  const rowGroups = matchingRowGroups(file, schema, amongKeys(schema, field, keys));
  if (rowGroups.length === 0) return found;
  const wanted = new SoA<EntityRow>(projectEntity(schema, [field.name]));
  wanted.addBatch(keys.map((key) => ({ [field.name]: key })) as never);
  const scan = { columns: [field.name], rowGroups, signal: options.signal };
  for await (const rows of decodeFile(file, schema, scan)) {
    for (const chunk of rows.chunkList) {
      for (let at = 0; at < chunk.length; at++) {
        if (findRow(wanted, rows.codecs[0], chunk.columns[0], at) >= 0)
          found.add(keyId(rows.codecs[0].read(chunk.columns[0], at)));
      }
    }
  }
  return found;
}

/** A condition that holds for rows with one of the keys, and for few others; null where there is none to be had. */
function amongKeys(schema: EntitySchema, field: FieldSpec, keys: readonly unknown[]): BoundExpression | null {
  const scope = entityScope(schema);
  const literal = (key: unknown): Literal => literalOf(key, field.type, `the key ${field.name}`, scope);
  const column: Expression = { op: "column", name: field.name };
  if (keys.length <= FEW) return bindExpression({ op: "in", args: [column, ...keys.map(literal)] }, scope);
  // Text is ordered otherwise in JavaScript.
  if (!keys.every((key) => typeof key === "bigint" || typeof key === "number")) return null;
  const numbers = keys as readonly (number | bigint)[];
  const low = numbers.reduce((least, key) => (key < least ? key : least));
  const high = numbers.reduce((greatest, key) => (key > greatest ? key : greatest));
  return bindExpression({ op: "between", args: [column, literal(low), literal(high)] }, scope);
}
