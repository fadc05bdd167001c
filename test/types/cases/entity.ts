import {
  binary,
  bool,
  category,
  date,
  decimal,
  Entity,
  type EntityClass,
  type EntityRow,
  enumOf,
  type FieldsOf,
  f32,
  f64,
  type Init,
  type InitOf,
  i64,
  type JsonRow,
  type Key,
  type Patch,
  type PatchOf,
  type Row,
  type RowOf,
  timestamp,
  u8,
  u64,
  utf8,
} from "faun";
import type { Equal, Expect } from "./assert.ts";

export class Order extends Entity(
  "orders",
  {
    orderId: u64().key(),
    account: u64({ mode: "number" }),
    status: enumOf("Pending", "Shipped"),
    total: f64(),
    note: utf8().nullable(),
    tries: u8().default(3),
    label: category().nullable().default("none"),
    placed: timestamp("ms").default(() => new Date()),
  },
  { shards: 16 },
) {
  #ships = 0;
  get ships() {
    return this.#ships;
  }
  get isHighValue() {
    return this.total > 200;
  }
  ship() {
    this.status = "Shipped";
    this.#ships++;
    return this;
  }
}

/** Every type, unit and mode as it is read. */
const everyType = {
  bool: bool(),
  byte: u8(),
  big: i64(),
  safe: i64({ mode: "number" }),
  single: f32(),
  text: utf8(),
  bytes: binary(),
  kind: category(),
  day: date(),
  seconds: timestamp("s"),
  nanos: timestamp("ns"),
  nanosDate: timestamp("ns", { mode: "date" }),
  millisNumber: timestamp("ms", { mode: "number" }),
  millisBig: timestamp("ms", { mode: "bigint", timezone: "UTC" }),
  price: decimal(10, 2),
  cents: decimal(10, 2, { mode: "bigint" }),
  state: enumOf("on", "off").nullable(),
};
type EveryType = {
  bool: boolean;
  byte: number;
  big: bigint;
  safe: number;
  single: number;
  text: string;
  bytes: Uint8Array;
  kind: string;
  day: string;
  seconds: Date;
  nanos: bigint;
  nanosDate: Date;
  millisNumber: number;
  millisBig: bigint;
  price: string;
  cents: bigint;
  state: "on" | "off" | null;
};
export type _everyType = Expect<Equal<Row<typeof everyType>, EveryType>>;

type OrderFields = FieldsOf<Order>;
type OrderRow = {
  readonly orderId: bigint;
  account: number;
  status: "Pending" | "Shipped";
  total: number;
  note: string | null;
  tries: number;
  label: string | null;
  placed: Date;
};
type OrderInit = {
  orderId: bigint;
  account: number;
  status: "Pending" | "Shipped";
  total: number;
  note?: string | null | undefined;
  tries?: number | undefined;
  label?: string | null | undefined;
  placed?: Date | undefined;
};
type OrderPatch = {
  account?: number;
  status?: "Pending" | "Shipped";
  total?: number;
  note?: string | null;
  tries?: number;
  label?: string | null;
  placed?: Date;
};
export type _row = Expect<Equal<RowOf<Order>, OrderRow>>;
export type _rowOfFields = Expect<Equal<Row<OrderFields>, OrderRow>>;
export type _init = Expect<Equal<InitOf<Order>, OrderInit>>;
export type _initOfFields = Expect<Equal<Init<OrderFields>, OrderInit>>;
export type _patch = Expect<Equal<PatchOf<Order>, OrderPatch>>;
export type _patchOfFields = Expect<Equal<Patch<OrderFields>, OrderPatch>>;
export type _key = Expect<Equal<Key<Order>, bigint>>;
export type _toObject = Expect<Equal<ReturnType<Order["toObject"]>, OrderRow>>;
export type _class = Expect<typeof Order extends EntityClass<Order> ? true : false>;
export type _anyRow = Expect<Order extends EntityRow ? true : false>;

type Float = number | "NaN" | "Infinity" | "-Infinity" | "-0";
export type _json = Expect<Equal<ReturnType<Order["toJSON"]>, JsonRow<OrderFields>>>;
type Json = { [K in keyof EveryType]: JsonRow<typeof everyType>[K] };
export type _jsonOfEveryType = Expect<
  Equal<
    Json,
    {
      bool: boolean;
      byte: number;
      big: string;
      safe: string;
      single: Float;
      text: string;
      bytes: string;
      kind: string;
      day: string;
      seconds: string;
      nanos: string;
      nanosDate: string;
      millisNumber: string;
      millisBig: string;
      price: string;
      cents: string;
      state: "on" | "off" | null;
    }
  >
>;

const order = new Order({ orderId: 1n, account: 2, status: "Pending", total: 3 });
export type _values = Expect<
  Equal<[typeof order.orderId, typeof order.status, typeof order.note], [bigint, "Pending" | "Shipped", string | null]>
>;
export const shipped: Order = order.ship().with({ note: null, tries: undefined, orderId: 5n });
export const restored: Order = Order.fromJSON(JSON.stringify(order));
export const high: boolean = restored.isHighValue;
// An instance is an init: what one is made from may be another.
export const again = new Order(order);
order.placed = new Date();
order.note = null;

class Rush extends Order {
  override ship() {
    return super.ship();
  }
}
export const rush: Rush = Rush.fromJSON({});
export const rushWith: Rush = rush.with({ total: 1 });
export type _keyOfSubclass = Expect<Equal<Key<Rush>, bigint>>;

// An entity used as it is, without a class of one's own.
export const Point = Entity("points", { x: f64(), y: f64() });
export const x: number = new Point({ x: 1, y: 2 }).x;

// @ts-expect-error a key is read-only
order.orderId = 2n;
// @ts-expect-error null in a field that is not nullable
order.total = null;
// @ts-expect-error not a value of the enum
order.status = "Shiped";
// @ts-expect-error a number is no u64
new Order({ orderId: 1, account: 2, status: "Pending", total: 3 });
// @ts-expect-error in number mode a bigint is none either
new Order({ orderId: 1n, account: 2n, status: "Pending", total: 3 });
// @ts-expect-error a required field may not be undefined
new Order({ orderId: 1n, account: undefined, status: "Pending", total: 3 });
// @ts-expect-error a field that is not declared
new Order({ orderId: 1n, account: 2, status: "Pending", total: 3, colour: "red" });
// @ts-expect-error with() takes declared fields only
order.with({ colour: "red" });
// @ts-expect-error and values of their types
order.with({ status: "Shiped" });
// @ts-expect-error fields are made by calling their builder
Entity("things", { a: u8 });
// @ts-expect-error a type is no field
Entity("things", { a: "u8" });
// @ts-expect-error the one option is shards
Entity("things", { a: u8() }, { shard: 4 });
// @ts-expect-error a default is of the field's type
u8().default("3");
// @ts-expect-error null is a default of nullable fields only
u8().default(null);
