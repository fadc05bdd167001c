import { RecordBatchStreamWriter } from "apache-arrow";
import { arrowSchemaOf } from "../../../arrow/schema.ts";
import type { EntitySchema } from "../../../entity/schema.ts";
import { base64FromBytes } from "../../../entity/values/base64.ts";

const texts = new WeakMap<EntitySchema, string>();

/**
 * The value of the metadata key "ARROW:schema": the entity's Arrow schema as an IPC message in base64, as Arrow's C++
 * library writes it. Readers that know it (PyArrow, Polars, arrow-rs) restore dictionaries and time zones by it.
 */
export function arrowSchemaText(schema: EntitySchema): string {
  let text = texts.get(schema);
  if (text === undefined) {
    // A writer that was not told to finish has written the schema's message, and nothing else.
    const writer = new RecordBatchStreamWriter();
    writer.reset(undefined, arrowSchemaOf(schema));
    text = base64FromBytes(writer.toUint8Array(true));
    texts.set(schema, text);
  }
  return text;
}
