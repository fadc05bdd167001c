/**
 * What a column holds: the logical type of a field as plain data. Builders
 * (`fields.ts`) make these; the column, Arrow and storage rooms switch on `kind`.
 */

export type IntKind = "u8" | "u16" | "u32" | "i8" | "i16" | "i32";
export type Int64Kind = "u64" | "i64";
export type FloatKind = "f32" | "f64";
export type TimeUnit = "s" | "ms" | "us" | "ns";
export type CodeKind = "u8" | "u16" | "u32";

export type FieldType =
  | { readonly kind: "bool" }
  | { readonly kind: IntKind }
  | { readonly kind: FloatKind }
  | { readonly kind: Int64Kind; readonly mode: "bigint" | "number" }
  | { readonly kind: "utf8" }
  | { readonly kind: "binary" }
  /** Dictionary-encoded string whose values are not known beforehand. */
  | { readonly kind: "category"; readonly codes: CodeKind }
  /** Dictionary-encoded string; the code of a value is its position in `values`. */
  | { readonly kind: "enum"; readonly codes: CodeKind; readonly values: readonly string[] }
  /** Days since 1970-01-01; an ISO string `YYYY-MM-DD` in JavaScript. */
  | { readonly kind: "date" }
  /** Ticks of `unit` since 1970-01-01T00:00Z. `timezone` null is a wall-clock time without zone. */
  | {
      readonly kind: "timestamp";
      readonly unit: TimeUnit;
      readonly timezone: string | null;
      readonly mode: "date" | "number" | "bigint";
    }
  /** A 128-bit integer counting units of 10^-scale. */
  | {
      readonly kind: "decimal";
      readonly precision: number;
      readonly scale: number;
      readonly mode: "string" | "bigint";
    };

export type FieldKind = FieldType["kind"];

/** The type as a declaration reads it, for messages: `u64`, `enumOf("A", "B")`, `timestamp("ms")`. */
export function describeType(type: FieldType): string {
  switch (type.kind) {
    case "enum":
      return `enumOf(${type.values.map((v) => JSON.stringify(v)).join(", ")})`;
    case "category":
      return "category()";
    case "timestamp":
      return `timestamp("${type.unit}"${type.timezone === null ? "" : `, ${JSON.stringify(type.timezone)}`})`;
    case "decimal":
      return `decimal(${type.precision}, ${type.scale})`;
    default:
      return type.kind;
  }
}
