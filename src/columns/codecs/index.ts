import type { EntitySchema, FieldSpec } from "../../entity/schema.ts";
import type { Codec } from "../codec.ts";
import { BinaryCodec } from "./binary.ts";
import { BoolCodec } from "./bool.ts";
import { DateCodec } from "./date.ts";
import { DecimalCodec } from "./decimal.ts";
import { CategoryCodec, EnumCodec } from "./dictionary.ts";
import { BigIntCodec, SafeIntegerCodec } from "./int64.ts";
import { NumberCodec } from "./number.ts";
import { TimestampCodec } from "./timestamp.ts";
import { Utf8Codec } from "./utf8.ts";

/** The codec of a field. */
export function codecFor(schema: EntitySchema, field: FieldSpec): Codec {
  const { type } = field;
  switch (type.kind) {
    case "bool":
      return new BoolCodec(schema, field);
    case "u64":
    case "i64":
      return type.mode === "bigint" ? new BigIntCodec(schema, field, type.kind) : new SafeIntegerCodec(schema, field, type.kind);
    case "utf8":
      return new Utf8Codec(schema, field);
    case "binary":
      return new BinaryCodec(schema, field);
    case "category":
      return new CategoryCodec(schema, field, type.codes);
    case "enum":
      return new EnumCodec(schema, field, type.codes, type.values);
    case "date":
      return new DateCodec(schema, field);
    case "timestamp":
      return new TimestampCodec(schema, field, type);
    case "decimal":
      return new DecimalCodec(schema, field, type);
    default:
      return new NumberCodec(schema, field, type.kind);
  }
}
