import type { FieldSpec } from "../../entity/schema.ts";

/** A key in the form of its field, of the text that DuckDB makes of it; for messages: what is not plain stays text. */
export function keyOf({ type }: FieldSpec, text: string): unknown {
  switch (type.kind) {
    case "u64":
    case "i64":
      return type.mode === "bigint" ? BigInt(text) : Number(text);
    case "u8":
    case "u16":
    case "u32":
    case "i8":
    case "i16":
    case "i32":
    case "f32":
    case "f64":
      return Number(text);
    case "bool":
      return text === "true";
    case "timestamp":
      return type.mode === "date" ? new Date(`${text.replace(" ", "T").replace(/\+00$/, "")}Z`) : text;
    default:
      return text;
  }
}
