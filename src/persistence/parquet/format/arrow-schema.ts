import { type DataType, Dictionary, Field, RecordBatchStreamWriter, Schema } from "apache-arrow";
import { arrowSchemaOf } from "../../../arrow/schema.ts";
import type { EntitySchema } from "../../../entity/schema.ts";
import { base64FromBytes } from "../../../entity/values/base64.ts";

const texts = new WeakMap<EntitySchema, string>();

/**
 * The value of the metadata key "ARROW:schema": the entity's Arrow schema as an IPC message in base64, as Arrow's C++
 * library writes it. Readers that know it (PyArrow, Polars, arrow-rs) restore dictionaries and time zones by it.
 *
 * No dictionary is marked as ordered, an enum's neither: readers make one of the values that each row group has, in the order
 * in which they come, and would take that for the order of the enum.
 */
export function arrowSchemaText(schema: EntitySchema): string {
  let text = texts.get(schema);
  if (text === undefined) {
    // A writer that was not told to finish has written the schema's message, and nothing else.
    const writer = new RecordBatchStreamWriter();
    writer.reset(undefined, unordered(arrowSchemaOf(schema)));
    text = base64FromBytes(writer.toUint8Array(true));
    texts.set(schema, text);
  }
  return text;
}

function unordered({ fields, metadata }: Schema): Schema {
  return new Schema(
    fields.map((field) => new Field(field.name, withoutOrder(field.type), field.nullable, field.metadata)),
    metadata,
  );
}

const withoutOrder = (type: DataType): DataType =>
  type instanceof Dictionary ? new Dictionary(type.dictionary, type.indices, type.id, false) : type;
