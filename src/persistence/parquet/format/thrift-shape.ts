/**
 * Descriptions of Thrift structs, from which one reader and one writer work. The compiler holds a description against
 * the interface that it describes.
 */

/** Wire types of Thrift's compact protocol. @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md */
export const Wire = {
  STOP: 0,
  TRUE: 1,
  FALSE: 2,
  I8: 3,
  I16: 4,
  I32: 5,
  I64: 6,
  DOUBLE: 7,
  BINARY: 8,
  LIST: 9,
  SET: 10,
  MAP: 11,
  STRUCT: 12,
  UUID: 13,
} as const;

export type ScalarShape = "bool" | "i8" | "i16" | "i32" | "i64" | "double" | "binary" | "string";
export type Shape = ScalarShape | { readonly list: Shape } | StructShape<never>;

/** The shapes that a member of type V may have. i64 is a number here: everything Parquet counts is below 2^53. */
type ShapeOf<V> = [V] extends [boolean]
  ? "bool"
  : [V] extends [number]
    ? "i8" | "i16" | "i32" | "i64" | "double"
    : [V] extends [string]
      ? "string"
      : [V] extends [Uint8Array]
        ? "binary"
        : [V] extends [readonly (infer E)[]]
          ? { readonly list: ShapeOf<E> }
          : StructShape<V>;

type Member<T, K extends keyof T> = undefined extends T[K]
  ? readonly [id: number, shape: ShapeOf<Exclude<T[K], undefined>>]
  : readonly [id: number, shape: ShapeOf<T[K]>, required: "required"];

export interface FieldShape {
  readonly id: number;
  readonly name: string;
  readonly shape: Shape;
  readonly required: boolean;
}

export interface StructShape<T> {
  readonly name: string;
  /** By ascending id. */
  readonly fields: readonly FieldShape[];
  readonly byId: readonly (FieldShape | undefined)[];
  /** Never there: ties the description to what it describes. */
  readonly of?: (struct: T) => T;
}

/** Describes struct T: every member with its field id and shape, "required" where it is not optional. */
export function struct<T>(name: string, members: { readonly [K in keyof T]-?: Member<T, K> }): StructShape<T> {
  const fields = Object.entries(members as Record<string, readonly [number, Shape, string?]>)
    .map(([member, [id, shape, required]]) => ({ id, name: member, shape, required: required !== undefined }))
    .sort((a, b) => a.id - b.id);
  const byId: (FieldShape | undefined)[] = [];
  for (const field of fields) byId[field.id] = field;
  return { name, fields, byId };
}

/** The wire type of a value; booleans that are members of a struct have two, and say by it what they are. */
export function wireOf(shape: Shape): number {
  switch (shape) {
    case "bool":
      return Wire.TRUE;
    case "i8":
      return Wire.I8;
    case "i16":
      return Wire.I16;
    case "i32":
      return Wire.I32;
    case "i64":
      return Wire.I64;
    case "double":
      return Wire.DOUBLE;
    case "binary":
    case "string":
      return Wire.BINARY;
  }
  return "list" in shape ? Wire.LIST : Wire.STRUCT;
}
