import { BitColumn } from "../columns/bit-column.ts";
import type { Codec } from "../columns/codec.ts";
import type { FieldType } from "../entity/field-type.ts";
import type { EntitySchema } from "../entity/schema.ts";
import { codeReader, decodingReader, textCodeReader } from "./codes.ts";
import { decimalReader, type IntegerType, wholeDecimalReader } from "./decimals.ts";
import type { ForeignType } from "./foreign.ts";
import { numberReader } from "./numbers.ts";
import { bitsOf, filled, nullRefusal, type ReadColumn, type Span, Target, validityOf } from "./span.ts";
import { fixedBinaryReader, textReader } from "./texts.ts";
import { dateReader, timestampReader } from "./times.ts";

/**
 * How columns of a foreign type become columns of a field. @throws TypeConversionError where no value of the one is a
 * value of the other
 */
export function columnReader(schema: EntitySchema, codec: Codec, from: ForeignType, nullable = codec.field.nullable): ReadColumn {
  const target = new Target(schema, codec, from, nullable);
  const { type } = codec.field;
  if (from.kind === "null") return nullReader(target);
  if (from.kind === "dictionary") {
    const { values } = from;
    if ((type.kind === "enum" || type.kind === "category") && values.kind === "utf8")
      return codeReader(target, type, { ...from, values });
    if (type.kind !== "enum" && type.kind !== "category")
      return decodingReader(target, from, columnReader(schema, codec, values, true));
  }
  switch (type.kind) {
    case "bool":
      if (from.kind === "bool") return boolReader(target);
      break;
    case "utf8":
      if (from.kind === "utf8") return textReader(target, from);
      break;
    case "binary":
      if (from.kind === "binary") return textReader(target, from);
      if (from.kind === "fixedBinary") return fixedBinaryReader(target, from);
      break;
    case "enum":
    case "category":
      if (from.kind === "utf8") return textCodeReader(target, type, from);
      break;
    case "date":
      if (from.kind === "date") return dateReader(target, from);
      break;
    case "timestamp":
      if (from.kind === "timestamp") return timestampReader(target, type, from);
      break;
    case "decimal":
      if (from.kind === "decimal" || from.kind === "int") return decimalReader(target, type, from);
      break;
    default:
      if (from.kind === "int" || from.kind === "float") return numberReader(target, type, from);
      if (from.kind === "decimal" && isInteger(type)) return wholeDecimalReader(target, type, from);
  }
  throw target.refusal("there is no lossless conversion between these types; convert the column before");
}

const isInteger = (type: FieldType): type is IntegerType => /^[ui]\d+$/.test(type.kind);

/** Rows of a field whose column is missing: its default each, else null. */
export function absentReader(codec: Codec): (span: Omit<Span, "array" | "from">) => ReturnType<ReadColumn> {
  return ({ allocator, rows, epoch }) =>
    filled(codec.makeColumn(allocator, rows, epoch), (column) => {
      for (let i = 0; i < rows; i++) codec.append(column, i, codec.take(undefined));
    });
}

function boolReader(target: Target): ReadColumn {
  return (span) => {
    const { array, from, rows } = span;
    return BitColumn.adopt(bitsOf(target, array.values, array.bitOffset + from, rows), validityOf(target, span), rows);
  };
}

function nullReader(target: Target): ReadColumn {
  const { codec } = target;
  return ({ allocator, rows, epoch, firstRow }) => {
    if (!target.nullable && rows > 0) throw nullRefusal(target, firstRow);
    return filled(codec.makeColumn(allocator, rows, epoch), (column) => {
      for (let i = 0; i < rows; i++) codec.append(column, i, null);
    });
  };
}
