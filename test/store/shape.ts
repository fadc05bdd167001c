import fc from "fast-check";
import { Entity } from "../../src/entity/entity.ts";
import type { FieldType } from "../../src/entity/field-type.ts";
import type { AnyField, EntityClass, EntityRow } from "../../src/entity/types.ts";
import { daysFromIso } from "../../src/entity/values/date.ts";
import { unscaledFromText } from "../../src/entity/values/decimal.ts";
import { everyType, valuesOf } from "../entity/arbitrary.ts";
import { show } from "./show.ts";

/** Values by field name; an absent one is left to its default or to null. */
export type Values = Record<string, unknown>;

type TypeName = keyof typeof everyType;

interface FieldShape {
  name: string;
  type: FieldType;
  nullable: boolean;
  /** In a list of its own, as undefined is no default. */
  fallback: unknown[];
}

/** A random entity, with what is needed to make rows of it. */
export interface Shape {
  entity: EntityClass<EntityRow>;
  fields: FieldShape[];
  names: string[];
  /** Few enough keys that they meet often; empty for an entity without a key. */
  keys: unknown[];
}

/** Types of keys that this many distinct values can be made of, to fill chunks. */
const COUNTABLE: Partial<Record<TypeName, (n: number) => unknown>> = {
  u64: (n) => 2n ** 64n - 1n - BigInt(n),
  i64: (n) => BigInt(n) - 150n,
  u64Number: (n) => Number.MAX_SAFE_INTEGER - n,
  i64Number: (n) => n - 150,
  u32: (n) => 4_294_967_295 - n,
  i32: (n) => n - 150,
  utf8: (n) => `key ${n} \u{1f600}`,
  category: (n) => `category ${n}`,
  binary: (n) => Uint8Array.of(n & 255, n >> 8, 0),
  date: (n) =>
    `20${String(10 + (Math.floor(n / 28 / 12) % 90))}-${String(1 + (Math.floor(n / 28) % 12)).padStart(2, "0")}-${String(1 + (n % 28)).padStart(2, "0")}`,
  millis: (n) => new Date(n * 1000 - 5000),
  nanos: (n) => BigInt(n) * 1_000_000_007n,
  decimal: (n) => `${n}.000001`,
  decimalBigint: (n) => BigInt(n) - 150n,
};

const KEY_TYPES: TypeName[] = [
  ...(Object.keys(COUNTABLE) as TypeName[]),
  "bool",
  "u8",
  "i16",
  "smallEnum",
  "largeEnum",
  "microsDate",
  "nanosNumber",
  "decimalWide",
];

const fieldShape = (name: TypeName): fc.Arbitrary<FieldShape> => {
  const { type } = everyType[name];
  const nullable = fc.boolean();
  return nullable.chain((allowsNull) =>
    fc.record({
      name: fc.constant(name as string),
      type: fc.constant(type),
      nullable: fc.constant(allowsNull),
      fallback: fc.oneof(
        { weight: 2, arbitrary: fc.constant<unknown[]>([]) },
        { weight: 1, arbitrary: valuesOf(type).map((value) => [value]) },
      ),
    }),
  );
};

function makeShape(keyType: TypeName | null, keys: unknown[], fields: FieldShape[]): Shape {
  const declared: Record<string, AnyField> = {};
  // The key stands somewhere in the middle, so that positions are not all alike.
  fields.forEach((field, i) => {
    if (i === 1 && keyType !== null) declared.key = (everyType[keyType] as AnyField).key();
    let made: AnyField = everyType[field.name as TypeName] as AnyField;
    if (field.nullable) made = made.nullable();
    if (field.fallback.length > 0) made = made.default(field.fallback[0] as never);
    declared[field.name] = made;
  });
  if (keyType !== null && declared.key === undefined) declared.key = (everyType[keyType] as AnyField).key();
  class Thing extends Entity("things", declared) {}
  const key: FieldShape[] =
    keyType === null ? [] : [{ name: "key", type: everyType[keyType].type, nullable: false, fallback: [] }];
  return { entity: Thing as unknown as EntityClass<EntityRow>, fields: [...fields, ...key], names: Object.keys(declared), keys };
}

export const shapes: fc.Arbitrary<Shape> = fc
  .tuple(
    fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 4, arbitrary: fc.constantFrom(...KEY_TYPES) }),
    fc.uniqueArray(fc.constantFrom(...(Object.keys(everyType) as TypeName[])), { minLength: 1, maxLength: 6 }),
  )
  .chain(([keyType, types]) =>
    fc
      .tuple(
        keyType === null
          ? fc.constant<unknown[]>([])
          : fc.uniqueArray(valuesOf(everyType[keyType].type), { minLength: 1, maxLength: 12, selector: show }),
        fc.tuple(...types.map(fieldShape)),
      )
      .map(([keys, fields]) => makeShape(keyType, keys, fields)),
  );

/** What is given for a field of a new row; undefined for nothing. */
function givenFor(field: FieldShape): fc.Arbitrary<unknown> {
  const choices = [{ weight: 6, arbitrary: valuesOf(field.type) }];
  if (field.nullable) choices.push({ weight: 2, arbitrary: fc.constant(null) });
  if (field.nullable || field.fallback.length > 0) choices.push({ weight: 2, arbitrary: fc.constant(undefined) });
  return fc.oneof(...choices);
}

/** A row to be added. Absent fields are absent or undefined. */
export function initOf(shape: Shape): fc.Arbitrary<Values> {
  const arbitraries: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of shape.fields) {
    arbitraries[field.name] = field.name === "key" ? fc.constantFrom(...shape.keys) : givenFor(field);
  }
  return fc
    .record(arbitraries)
    .map((row) => Object.fromEntries(shape.names.flatMap((name) => (row[name] === undefined ? [] : [[name, row[name]]]))));
}

/** Changes for a row that is there: never the key. */
export function patchOf(shape: Shape): fc.Arbitrary<Values> {
  const arbitraries: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of shape.fields) {
    if (field.name === "key") continue;
    arbitraries[field.name] = field.nullable ? fc.option(valuesOf(field.type)) : valuesOf(field.type);
  }
  return fc.record(arbitraries, { requiredKeys: [] });
}

/** The row that is stored for what was given. */
export function rowOf(shape: Shape, init: Values): Values {
  const row: Values = {};
  for (const { name, fallback } of shape.fields)
    row[name] = init[name] === undefined ? (fallback.length > 0 ? fallback[0] : null) : init[name];
  return row;
}

/** Distinct keys in any number, of a type that has them; undefined for others. */
export function manyKeys(shape: Shape): ((n: number) => unknown) | undefined {
  const key = shape.fields.find(({ name }) => name === "key");
  const name = (Object.keys(everyType) as TypeName[]).find((candidate) => everyType[candidate].type === key?.type);
  return name === undefined ? undefined : COUNTABLE[name];
}

/** The column of these values as a typed array; undefined where the type or a null has no such form. */
export function typedArrayOf(type: FieldType, values: readonly unknown[]): ArrayBufferView | undefined {
  if (values.some((value) => value === null || value === undefined)) return undefined;
  switch (type.kind) {
    case "u8":
      return Uint8Array.from(values as number[]);
    case "u16":
      return Uint16Array.from(values as number[]);
    case "u32":
      return Uint32Array.from(values as number[]);
    case "i8":
      return Int8Array.from(values as number[]);
    case "i16":
      return Int16Array.from(values as number[]);
    case "i32":
      return Int32Array.from(values as number[]);
    case "f32":
      return Float32Array.from(values as number[]);
    case "f64":
      return Float64Array.from(values as number[]);
    case "u64":
      return BigUint64Array.from(values.map((value) => BigInt(value as number)));
    case "i64":
      return BigInt64Array.from(values.map((value) => BigInt(value as number)));
    case "date":
      return Int32Array.from(values.map((value) => daysFromIso(value as string)!));
    case "enum":
      return (type.codes === "u8" ? Uint8Array : Uint16Array).from(values.map((value) => type.values.indexOf(value as string)));
    case "timestamp":
      if (type.mode !== "date") return BigInt64Array.from(values.map((value) => BigInt(value as number)));
      return BigInt64Array.from(values.map((value) => ticks((value as Date).getTime(), type.unit)));
    case "decimal":
      return BigUint64Array.from(
        values.flatMap((value) => {
          const unscaled =
            type.mode === "bigint" ? (value as bigint) : unscaledFromText(value as string, type.precision, type.scale)!;
          return [BigInt.asUintN(64, unscaled), BigInt.asUintN(64, unscaled >> 64n)];
        }),
      );
    default:
      return undefined;
  }
}

function ticks(ms: number, unit: "s" | "ms" | "us" | "ns"): bigint {
  if (unit === "s") return BigInt(ms / 1000);
  return BigInt(ms) * { ms: 1n, us: 1_000n, ns: 1_000_000n }[unit];
}
