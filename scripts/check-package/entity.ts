// A user's module with every field type, compiled against the installed package with `declaration: true`.
import {
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
} from "faun";

export class Reading extends Entity(
  "readings",
  {
    id: u64().key(),
    serial: u64({ mode: "number" }),
    offset: i64(),
    flags: u8().default(0),
    port: u16(),
    count: u32(),
    trend: i8(),
    delta: i16(),
    level: i32(),
    ratio: f32().nullable(),
    value: f64(),
    ok: bool(),
    status: enumOf("Good", "Bad"),
    site: category().nullable(),
    note: utf8().column("remark"),
    raw: binary().nullable(),
    day: date(),
    at: timestamp("us", { timezone: "UTC" }),
    seen: timestamp("ms").nullable(),
    cost: decimal(12, 2),
  },
  { shards: 4 },
) {
  #reads = 0;

  get isGood() {
    return ++this.#reads > 0 && this.status === "Good";
  }
}
