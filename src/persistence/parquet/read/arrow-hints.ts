import type { ForeignType } from "../../../arrow/foreign.ts";
import { readMessage } from "../../../arrow/ipc-metadata.ts";
import { bytesFromBase64 } from "../../../entity/values/base64.ts";
import { ARROW_SCHEMA_KEY } from "../format/footer-metadata.ts";
import { type FileMetaData, PhysicalType } from "../format/metadata.ts";
import type { Leaf } from "../format/schema-tree.ts";
import { logicalTypeOf } from "./column-plan.ts";

/**
 * What 64-bit integers without a logical type are, by column name, where a library of Arrow's kept its schema in the file:
 * arrow-rs (DataFusion, Polars' ancestors, parquet-wasm) stores timestamps in seconds and dates in milliseconds so, for which
 * Parquet has no type. Empty where there is no such schema, or one that cannot be read: it is only a hint.
 */
export function arrowHints({ keyValueMetadata }: FileMetaData): ReadonlyMap<string, ForeignType> {
  const text = keyValueMetadata?.find(({ key }) => key === ARROW_SCHEMA_KEY)?.value;
  if (text === undefined) return new Map();
  try {
    const bytes = bytesFromBase64(text);
    if (bytes === undefined) return new Map();
    // A message as in a stream: a marker and the length, which files of long ago leave out the first of.
    const marked = bytes[0] === 0xff && bytes[1] === 0xff && bytes[2] === 0xff && bytes[3] === 0xff;
    const message = readMessage(bytes.subarray(marked ? 8 : 4));
    if (message.kind !== "schema") return new Map();
    return new Map(message.fields.filter(({ type }) => isTime(type)).map(({ name, type }) => [name, type]));
  } catch {
    return new Map();
  }
}

const isTime = (type: ForeignType): boolean => type.kind === "timestamp" || (type.kind === "date" && type.unit === "ms");

/** Whether a column holds 64-bit integers of which Parquet does not say what they are. */
export const isUntyped = ({ element, path }: Leaf): boolean =>
  element.type === PhysicalType.INT64 && path.length === 1 && Object.keys(logicalTypeOf(element)).length === 0;
