export * from "./errors.ts";
export type { CodeKind, FieldKind, FieldType, TimeUnit } from "./entity/field-type.ts";
export {
  binary,
  bool,
  category,
  date,
  decimal,
  enumOf,
  f32,
  f64,
  Field,
  type FieldFlag,
  type FieldOptions,
  i8,
  i16,
  i32,
  i64,
  type TimestampOptions,
  timestamp,
  u8,
  u16,
  u32,
  u64,
  utf8,
} from "./entity/fields.ts";
export type * from "./entity/types.ts";
