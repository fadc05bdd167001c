import { SharedAllocator } from "../../../src/columns/shared-allocator.ts";
import { Entity } from "../../../src/entity/entity.ts";
import type { FieldType, TimeUnit } from "../../../src/entity/field-type.ts";
import {
  binary,
  bool,
  category,
  date,
  decimal,
  enumOf,
  type Field,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  timestamp,
  u8,
  u16,
  u32,
  u64,
  utf8,
} from "../../../src/entity/fields.ts";
import type { AnyField, EntityClass, EntityRow, Fields } from "../../../src/entity/types.ts";
import { isoFromDays } from "../../../src/entity/values/date.ts";
import { textFromUnscaled } from "../../../src/entity/values/decimal.ts";
import { dateFromTicks } from "../../../src/entity/values/timestamp.ts";
import { ShardedStore } from "../../../src/store/sharded-store.ts";
import { Store } from "../../../src/store/store.ts";
import type { Random } from "./random.ts";
import { toWire, type Wire, type WireValue, wireOf } from "./wire.ts";

/** A field of a random entity. */
export interface OracleField {
  readonly name: string;
  readonly type: FieldType;
  readonly wire: Wire;
  readonly nullable: boolean;
  /** No two rows have the same value. */
  readonly unique: boolean;
  /** Values lie where DuckDB's calendar reaches too. */
  readonly calendar: boolean;
  /** Floats are multiples of 1/4 below 2^20 (or not finite): their sums are exact in any order. */
  readonly dyadic: boolean;
  /** Values as Faun takes them, from which rows draw, and literals. */
  readonly pool: readonly unknown[];
}

export interface Dataset {
  readonly entity: EntityClass<EntityRow>;
  readonly fields: readonly OracleField[];
  readonly store: Store<EntityRow> | ShardedStore<EntityRow>;
  /** Live rows in the oracle's form. */
  readonly rows: readonly (readonly WireValue[])[];
  readonly about: string;
}

const ROWS = [0, 0, 1, 2, 3, 7, 20, 20, 60, 60, 60, 63, 64, 65, 150, 256, 300, 300, 1024, 1025, 2200, 5000];
const ENUMS = ["Delta", "alpha", "Äther", "", "beta", "100%", "z_z", "Alpha"];

/** What holds the rows. */
export type Place = "heap" | "shared" | "sharded";

export function randomDataset(rng: Random, place: Place): Dataset {
  const calendar = rng.chance(0.7);
  const dyadic = rng.chance(0.6);
  const fields: OracleField[] = [];
  const declared: Record<string, AnyField> = {};
  const declare = (name: string, field: AnyField, unique: boolean) => {
    const nullable = !unique && rng.chance(0.5);
    if (nullable) field = (field as Field<"bool", boolean>).nullable() as AnyField;
    const inCalendar = calendar || unique;
    declared[name] = field;
    const { type } = field;
    const size = rng.pick([1, 2, 3, 5, 8, 20, 60]);
    const pool = Array.from({ length: size }, () => randomValue(rng, type, inCalendar, dyadic));
    fields.push({ name, type, wire: wireOf(type), nullable, unique, calendar: inCalendar, dyadic, pool });
  };
  const keyed = rng.chance(0.6);
  const number = rng.pick([u32(), i32(), u64(), i64(), u64({ mode: "number" }), i64({ mode: "number" })] as AnyField[]);
  declare("rowNumber", keyed ? ((number as Field<"u32", number>).key() as AnyField) : number, true);
  const count = rng.int(2, 9);
  for (let i = 0; i < count; i++) declare(`${rng.pick(["f", "G", "ü", "select", "_x"])}${i}`, randomField(rng), false);

  const entity = class extends Entity("oracle", declared as Fields) {} as unknown as EntityClass<EntityRow>;
  const length = rng.pick(ROWS);
  // Also the smallest column lies in an arena, where its kernels reach it.
  const allocator = place === "heap" ? "heap" : () => new SharedAllocator(0);
  const store =
    place === "sharded" ? new ShardedStore(entity, { shards: rng.int(1, 4), allocator }) : new Store(entity, { allocator });
  const sequential = rng.chance(0.5);
  const numbers = sequential ? undefined : rng.shuffle(Array.from({ length }, (_, i) => i));
  const inits = Array.from({ length }, (_, row) => {
    const init: Record<string, unknown> = {};
    for (const field of fields) {
      if (field.unique) {
        const n = numbers?.[row] ?? row;
        init[field.name] = field.wire.k === "int" && field.wire.mode === "bigint" ? BigInt(n) : n;
      } else init[field.name] = field.nullable && rng.chance(0.25) ? null : rng.pick(field.pool);
    }
    return init;
  });
  // In two halves, so that what is cached about chunks must notice the second.
  const half = rng.int(0, length);
  store.addBatch(inits.slice(0, half) as never);
  store.addBatch(inits.slice(half) as never);
  let live = inits;
  if (rng.chance(0.5)) {
    const share = rng.pick([0.02, 0.3, 0.9, 1]);
    const dead = new Set<unknown>();
    for (const init of inits) if (rng.chance(share)) dead.add(init.rowNumber);
    live = inits.filter((init) => !dead.has(init.rowNumber));
    deleteRows(store, dead);
  }
  return {
    entity,
    fields,
    store,
    rows: live.map((init) => fields.map((field) => stored(init[field.name], field))),
    about: `${length} rows, ${live.length} live, ${place}; ${fields
      .map((f) => `${JSON.stringify(f.name)}: ${JSON.stringify(f.type)}${f.nullable ? " nullable" : ""}`)
      .join("; ")}`,
  };
}

/** As the column holds it: an f32 is rounded. */
function stored(value: unknown, field: OracleField): WireValue {
  const wire = toWire(value, field.wire);
  return field.type.kind === "f32" && typeof wire === "number" ? Math.fround(wire) : wire;
}

function deleteRows(store: Dataset["store"], dead: ReadonlySet<unknown>): void {
  const parts = store instanceof Store ? [store] : Array.from({ length: store.shardCount }, (_, i) => store.shard(i));
  for (const part of parts) {
    const { kernel } = part as Store<EntityRow>;
    for (let row = 0; row < kernel.length; row++) {
      const view = kernel.at(row) as unknown as { rowNumber: unknown } | undefined;
      if (view !== undefined && dead.has(view.rowNumber)) kernel.deleteAt(row);
    }
  }
}

function randomField(rng: Random): AnyField {
  const mode = () => ({ mode: rng.pick(["bigint", "number"] as const) }) as { mode: "bigint" };
  const makers: (() => unknown)[] = [
    bool,
    u8,
    u16,
    u32,
    i8,
    i16,
    i32,
    f32,
    f64,
    f64,
    utf8,
    utf8,
    binary,
    date,
    () => u64(mode()),
    () => i64(mode()),
    () => category({ codes: rng.pick(["u8", "u16", "u32"]) }),
    () => category(),
    () => enumOf(...(rng.shuffle(ENUMS).slice(0, rng.int(1, ENUMS.length)) as [string, ...string[]])),
    () => enumOf("Pending", "Shipped", "Delivered"),
    () => enumOf(...(Array.from({ length: 300 }, (_, i) => `value ${i}`) as [string, ...string[]])),
    () => randomTimestamp(rng),
    () => randomTimestamp(rng),
    () => {
      const precision = rng.pick([1, 5, 9, 10, 18, 19, 30, 38]);
      return decimal(precision, Math.min(precision, rng.pick([0, 1, 2, 2, 4, 9, 38])), {
        mode: rng.pick(["bigint", "string"] as const) as "bigint",
      });
    },
  ];
  return rng.pick(makers)() as AnyField;
}

function randomTimestamp(rng: Random): unknown {
  const unit = rng.pick(["s", "ms", "us", "ns"] as const);
  const timezone = rng.pick([undefined, undefined, "UTC", "Europe/Berlin", "America/New_York"]);
  const mode = rng.pick(["date", "number", "bigint"] as const);
  return timestamp(unit, { mode: mode as "date", ...(timezone === undefined ? {} : { timezone }) });
}

const INT_RANGE: Readonly<Record<string, readonly [bigint, bigint]>> = {
  u8: [0n, 255n],
  u16: [0n, 65_535n],
  u32: [0n, 4_294_967_295n],
  i8: [-128n, 127n],
  i16: [-32_768n, 32_767n],
  i32: [-2_147_483_648n, 2_147_483_647n],
  u64: [0n, 2n ** 64n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
};
const SAFE = 2n ** 53n - 1n;
const PER_SECOND: Readonly<Record<TimeUnit, bigint>> = { s: 1n, ms: 1_000n, us: 1_000_000n, ns: 1_000_000_000n };
const TEXTS = [
  "",
  "a",
  "A",
  "b",
  "ab",
  "abc",
  "a%c",
  "a_c",
  "%",
  "_",
  "é",
  "e\u0301",
  "ß",
  "\uffff",
  "\u{10000}",
  "😀",
  "😀a",
  "a\\b",
  "'",
  '"',
  "\u0000",
  "a\u0000b",
  "zz",
  "Z",
];

/** A value as Faun takes it; borders of the type come often. */
export function randomValue(rng: Random, type: FieldType, calendar: boolean, dyadic: boolean): unknown {
  switch (type.kind) {
    case "bool":
      return rng.chance(0.5);
    case "f32":
    case "f64":
      return randomFloat(rng, type.kind, dyadic);
    case "utf8":
    case "category":
      return rng.chance(0.6) ? rng.pick(TEXTS) : `${rng.pick(TEXTS)}${rng.pick(TEXTS)}${rng.int(0, 30)}`;
    case "enum":
      return rng.pick(type.values);
    case "binary":
      return Uint8Array.from({ length: rng.int(0, 4) }, () => rng.pick([0, 1, 65, 97, 127, 128, 255]));
    case "date":
      return isoFromDays(Number(randomDays(rng, calendar)));
    case "timestamp":
      return randomTicks(rng, type, calendar);
    case "decimal": {
      const limit = 10n ** BigInt(type.precision) - 1n;
      const small = limit < 1000n ? limit : 1000n;
      const value = rng.chance(0.15)
        ? rng.pick([limit, -limit, 0n])
        : rng.chance(0.5)
          ? rng.bigint(-small, small)
          : rng.bigint(-limit, limit);
      return type.mode === "bigint" ? value : textFromUnscaled(value, type.scale);
    }
    default: {
      let [min, max] = INT_RANGE[type.kind] as readonly [bigint, bigint];
      const asNumber = type.kind !== "u64" && type.kind !== "i64" ? true : type.mode === "number";
      if (asNumber && max > SAFE) [min, max] = [min < 0n ? -SAFE : 0n, SAFE];
      const value = rng.chance(0.2)
        ? rng.pick([min, max, max - 1n, 0n, 1n])
        : rng.chance(0.6)
          ? rng.bigint(0n, 9n)
          : rng.bigint(min, max);
      return asNumber ? Number(value) : value;
    }
  }
}

function randomFloat(rng: Random, kind: "f32" | "f64", dyadic: boolean): number {
  if (rng.chance(0.12)) return rng.pick([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, -0, 1]);
  if (dyadic || rng.chance(0.5)) return rng.int(-400, 400) / 4;
  const wild = [0.1, -0.1, 1 / 3, 5e-324, 1e-300, 2 ** 53 + 2, -(2 ** 63), 2 ** 64, 1e18, 123456.789, 1e25];
  const value = rng.chance(0.4) ? rng.pick(wild) : (rng.next() - 0.5) * 10 ** rng.int(-3, 12);
  return kind === "f32" ? Math.fround(value) : value;
}

function randomDays(rng: Random, calendar: boolean): bigint {
  if (!calendar && rng.chance(0.2)) return rng.pick([-(2n ** 31n), 2n ** 31n - 1n]);
  if (rng.chance(0.2)) return rng.pick([0n, -1n, 1n, 59n, 11_016n, 11_015n, 19_782n, -719_162n, 2_932_896n]);
  return rng.chance(0.5) ? rng.bigint(19_000n, 20_000n) : rng.bigint(-719_162n, 2_932_896n);
}

function randomTicks(rng: Random, type: FieldType & { kind: "timestamp" }, calendar: boolean): unknown {
  const per = PER_SECOND[type.unit];
  let ticks: bigint;
  if (!calendar && rng.chance(0.3)) {
    ticks =
      type.mode === "bigint" ? rng.pick([-(2n ** 63n), 2n ** 63n - 1n]) : type.mode === "number" ? rng.pick([-SAFE, SAFE]) : 0n;
  } else {
    // Zoned values stay where every zone database agrees.
    const [from, to] = type.timezone !== null || type.unit === "ns" ? [0n, 2_000_000_000n] : [-62_135_596_800n, 253_402_300_799n];
    const seconds = rng.chance(0.3)
      ? rng.pick([0n, 1n, 951_782_400n, 1_704_067_200n, 1_711_846_800n])
      : rng.chance(0.5)
        ? rng.bigint(1_690_000_000n, 1_710_000_000n)
        : rng.bigint(from, to);
    ticks = seconds * per + (rng.chance(0.5) ? 0n : rng.bigint(0n, per - 1n));
    if (type.unit !== "ns" && type.timezone === null && rng.chance(0.2)) ticks = -ticks / 2n;
  }
  if (type.mode === "number") return Number(ticks > SAFE ? SAFE : ticks < -SAFE ? -SAFE : ticks);
  if (type.mode === "bigint") return ticks;
  // A Date holds milliseconds.
  if (per > 1000n) ticks -= ticks % (per / 1000n);
  return dateFromTicks(ticks, type.unit) ?? new Date(0);
}
