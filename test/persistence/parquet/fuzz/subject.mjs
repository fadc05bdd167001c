import { createHash } from "node:crypto";

/**
 * The entities whose files are damaged, made of the `faun` of whoever asks: the tests take `src/`, their child processes
 * `dist/`. Every field may be left out or null, so that nothing hides behind a column that is missing.
 *
 * @param {typeof import("faun")} faun
 */
export function entitiesOf(faun) {
  const {
    binary,
    bool,
    category,
    date,
    decimal,
    Entity,
    enumOf,
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
  } = faun;
  class Thing extends Entity("things", {
    id: u32().key(),
    bool: bool(),
    boolMaybe: bool().nullable(),
    u8: u8(),
    i8Maybe: i8().nullable(),
    u16Maybe: u16().nullable(),
    i16: i16(),
    i32Maybe: i32().nullable(),
    u64: u64(),
    i64Maybe: i64().nullable(),
    u32Like: u32(),
    f32: f32(),
    f64: f64(),
    f64Maybe: f64().nullable(),
    text: utf8(),
    textMaybe: utf8().nullable(),
    binaryMaybe: binary().nullable(),
    category: category(),
    categoryMaybe: category().nullable(),
    status: enumOf("Pending", "Shipped", "Delivered"),
    statusMaybe: enumOf("Pending", "Shipped", "Delivered").nullable(),
    date: date(),
    micros: timestamp("us"),
    nanosMaybe: timestamp("ns").nullable(),
    decimal: decimal(9, 2),
    decimalMaybe: decimal(30, 4).nullable(),
  }) {}
  class Flight extends Entity("flights", {
    date: timestamp("ms", { mode: "number" }).nullable(),
    delay: i16().nullable(),
    distance: i16().nullable(),
    origin: category().nullable(),
    destination: utf8().nullable(),
  }) {}
  // Of one column, for what is small and claims to be large.
  class Bytes extends Entity("bytes", { x: u8() }) {}
  class Doubles extends Entity("doubles", { x: f64() }) {}
  class Nulls extends Entity("nulls", { x: f64().nullable() }) {}
  class Texts extends Entity("texts", { x: utf8() }) {}
  class Kinds extends Entity("kinds", { x: category() }) {}
  return { Thing, Flight, Bytes, Doubles, Nulls, Texts, Kinds };
}

/** What tells two sets of rows apart: every value of every row, -0 and NaN too. O(rows). */
export function digestOf(rows) {
  const hash = createHash("sha1");
  for (const row of rows) hash.update(JSON.stringify(row.toObject(), exact));
  return hash.digest("base64");
}

function exact(_, value) {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number" && (!Number.isFinite(value) || value === 0)) return Object.is(value, -0) ? "-0" : `${value}`;
  return value instanceof Uint8Array ? [...value] : value;
}
