import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SharedAllocator } from "../../src/columns/shared-allocator.ts";
import { VarColumn } from "../../src/columns/var-column.ts";
import { DuplicateKeyError } from "../../src/errors.ts";
import {
  binary,
  category,
  date,
  decimal,
  Entity,
  enumOf,
  f32,
  f64,
  type InitOf,
  i16,
  i64,
  ShardedStore,
  Store,
  timestamp,
  u8,
  u32,
  u64,
  utf8,
} from "../../src/index.ts";
import type { BoolExpression } from "../../src/query/column-types.ts";
import { indexLimits } from "../../src/query/engine/column-order.ts";
import { Random } from "./oracle/random.ts";

const STATES = ["late", "early", "never"] as const;

class Item extends Entity("items", {
  id: u32().key(),
  byte: u8().index(),
  small: i16().index().nullable(),
  count: u32().index(),
  total: u64({ mode: "number" }).index().nullable(),
  big: i64().index(),
  ratio: f32().index().nullable(),
  amount: f64().index().nullable(),
  state: enumOf(...STATES)
    .index()
    .nullable(),
  label: category().nullable().index(),
  name: utf8().index().nullable(),
  code: binary().index(),
  price: decimal(12, 2).index().nullable(),
  day: date().index(),
  at: timestamp("ms").nullable().index(),
}) {}

type Init = Required<InitOf<Item>>;
type Name = Exclude<keyof Init & string, "id">;

const { Infinity: INF } = globalThis;

/** Few values each, so that rows share them; the ends of every type among them. */
const POOLS: { [N in Name]: Init[N][] } = {
  byte: [0, 1, 7, 255],
  small: [-32_768, -1, 0, 1, 32_767, null],
  count: [0, 1, 2, 65_536, 2 ** 31, 2 ** 32 - 1],
  total: [0, 1, 2 ** 32, 2 ** 53 - 1, null],
  big: [-(2n ** 63n), -(2n ** 32n), -1n, 0n, 1n, 2n ** 32n + 1n, 2n ** 63n - 1n],
  ratio: [-INF, -1.5, -0, 0, 0.25, INF, Number.NaN, null],
  amount: [-INF, -1e300, -1.5, -5e-324, -0, 0, 5e-324, 0.1, 2 ** 53, INF, Number.NaN, null],
  state: [...STATES, null],
  label: ["", "a", "ä", "z", "\u{1f600}", "\uffff", null],
  name: ["", "a", "ab", "ä", "a much longer name than the others have", null],
  code: [Uint8Array.of(), Uint8Array.of(0), Uint8Array.of(1, 2), Uint8Array.of(255)],
  price: ["-0.01", "0.00", "0.01", "9999999999.99", null],
  day: ["1969-12-31", "1970-01-01", "2024-02-29"],
  at: [new Date(-1), new Date(0), new Date(1_700_000_000_000), null],
};
const NAMES = Object.keys(POOLS) as Name[];
/** Equality alone. */
const UNORDERED = new Set<Name>(["name", "code", "price"]);

/** A number, bigint or text that orders as the value does. NaN is greatest. */
function rank(name: Name, value: unknown): number | bigint | string {
  if (name === "state") return STATES.indexOf(value as (typeof STATES)[number]);
  if (value instanceof Date) return value.getTime();
  // latin1 of UTF-8 orders by its bytes.
  if (value instanceof Uint8Array || name === "label" || name === "name") return Buffer.from(value as string).toString("latin1");
  return value as number | bigint | string;
}

function compare(name: Name, a: unknown, b: unknown): number {
  const [x, y] = [rank(name, a), rank(name, b)];
  if (x === y) return 0;
  if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
  return x < y ? -1 : 1;
}

type Asks = BoolExpression<boolean | null>;
type Holds = (row: Init) => boolean;

/** The part of column references that is alike for all types. */
interface AnyRef {
  eq(value: unknown): Asks;
  in(values: readonly unknown[]): Asks;
  lt(value: unknown): Asks;
  le(value: unknown): Asks;
  gt(value: unknown): Asks;
  ge(value: unknown): Asks;
  between(low: unknown, high: unknown): Asks;
}
type Refs = Record<Name, AnyRef>;

interface Condition {
  readonly about: string;
  readonly asked: (refs: Refs) => Asks;
  readonly holds: Holds;
}

const constantOf = (rng: Random, name: Name): unknown =>
  rng.pick<unknown>(POOLS[name].filter((value: unknown) => value !== null));

function randomCondition(rng: Random): Condition {
  const one = randomTerm(rng);
  if (rng.chance(0.6)) return one;
  const other = randomTerm(rng, rng.chance(0.5) ? one.name : undefined);
  return {
    about: `${one.about} and ${other.about}`,
    asked: (refs) => one.asked(refs).and(other.asked(refs)),
    holds: (row) => one.holds(row) && other.holds(row),
  };
}

function randomTerm(rng: Random, name: Name = rng.pick(NAMES)): Condition & { name: Name } {
  const op = rng.pick(UNORDERED.has(name) ? (["eq", "in"] as const) : (["eq", "in", "lt", "le", "gt", "ge", "between"] as const));
  const [a, b, c] = [constantOf(rng, name), constantOf(rng, name), constantOf(rng, name)];
  const about = `${name} ${op} ${String(a)} ${String(b)} ${String(c)}`;
  const of = (asked: (ref: AnyRef) => Asks, test: (value: unknown) => boolean): Condition & { name: Name } => ({
    name,
    about,
    asked: (refs) => asked(refs[name]),
    holds: (row) => row[name] !== null && test(row[name]),
  });
  switch (op) {
    case "in":
      return of(
        (ref) => ref.in([a, b, c]),
        (value) => [a, b, c].some((one) => compare(name, value, one) === 0),
      );
    case "between":
      return of(
        (ref) => ref.between(a, b),
        (value) => compare(name, value, a) >= 0 && compare(name, value, b) <= 0,
      );
    default: {
      const meets = { eq: [0], lt: [-1], le: [-1, 0], gt: [1], ge: [0, 1] }[op];
      return of(
        (ref) => ref[op](a),
        (value) => meets.includes(compare(name, value, a)),
      );
    }
  }
}

function randomInit(rng: Random, id: number): Init {
  const init: Record<string, unknown> = { id };
  for (const name of NAMES) init[name] = rng.pick<unknown>(POOLS[name]);
  return init as Init;
}

type Asked = Pick<Store<Item>, "where" | "size">;

function expectSame(asked: Asked, model: ReadonlyMap<number, Init>, { about, asked: predicate, holds }: Condition): void {
  const expected = [...model.values()].filter(holds).map((row) => row.id);
  const found = asked.where((o) => predicate(o as unknown as Refs));
  expect(new Set(found.select("id").toColumns().id), about).toEqual(new Set(expected));
  expect(found.count(), about).toBe(expected.length);
  expect(found.sum("id"), about).toBe(expected.length === 0 ? null : expected.reduce((sum, id) => sum + id, 0));
}

/** Random writes to a store and to a Map of plain objects, with questions to both between them. */
class Trial {
  readonly #rng: Random;
  readonly #store: Store<Item> | ShardedStore<Item>;
  readonly #model = new Map<number, Init>();
  #snapshot: { asked: Asked; model: ReadonlyMap<number, Init> } | null = null;
  #nextId = 0;

  constructor(rng: Random, store: Store<Item> | ShardedStore<Item>) {
    this.#rng = rng;
    this.#store = store;
  }

  ask(): void {
    for (let i = 0; i < 4; i++) expectSame(this.#store, this.#model, randomCondition(this.#rng));
    if (this.#snapshot !== null) expectSame(this.#snapshot.asked, this.#snapshot.model, randomCondition(this.#rng));
  }

  write(): void {
    const rng = this.#rng;
    const [id] = this.#model.size === 0 ? [-1] : [rng.pick([...this.#model.keys()])];
    const name = rng.pick(NAMES);
    const value = rng.pick<unknown>(POOLS[name]);
    const patch = { [name]: value };
    const write = rng.pick([...MANY, ...(id < 0 ? [] : ONE), ...(rng.chance(0.1) ? RARE : [])]);
    switch (write) {
      case "add":
        this.#added(rng.int(1, 3), (rows) => rows.forEach((row) => void this.#store.add(row)));
        break;
      case "addBatch":
        this.#added(rng.int(0, 200), (rows) => this.#store.addBatch(rows));
        break;
      case "addColumns":
        this.#added(rng.int(0, 200), (rows) => this.#store.addColumns(columnsOf(rows)));
        break;
      case "addArrow":
        this.#added(rng.int(1, 200), (rows) => {
          const other = new Store(Item);
          other.addBatch(rows);
          this.#store.addArrow(other.toArrow({ copy: true }));
        });
        break;
      case "rollback": {
        const rows = this.#fresh(rng.int(0, 200));
        expect(() =>
          this.#store.addBatch([...rows, ...(id < 0 ? [randomInit(rng, 0), randomInit(rng, 0)] : [randomInit(rng, id)])]),
        ).toThrow(DuplicateKeyError);
        break;
      }
      case "update":
        this.#store.update(id, patch);
        Object.assign(this.#model.get(id) as Init, patch);
        break;
      case "view":
        Object.assign(this.#store.get(id) as Item, patch);
        Object.assign(this.#model.get(id) as Init, patch);
        break;
      case "upsert": {
        const row = randomInit(rng, id);
        this.#store.upsert(row);
        this.#model.set(id, row);
        break;
      }
      case "delete":
        this.#store.delete(id);
        this.#model.delete(id);
        break;
      case "update where": {
        const { asked, holds } = randomCondition(rng);
        this.#store.where((o) => asked(o as unknown as Refs)).update(patch);
        for (const row of this.#model.values()) if (holds(row)) Object.assign(row, patch);
        break;
      }
      case "delete where": {
        const { asked, holds } = randomCondition(rng);
        this.#store.where((o) => asked(o as unknown as Refs)).delete();
        for (const row of [...this.#model.values()]) if (holds(row)) this.#model.delete(row.id);
        break;
      }
      case "snapshot": {
        const model = new Map([...this.#model].map(([key, row]) => [key, { ...row }]));
        this.#snapshot = { asked: this.#store.snapshot() as unknown as Asked, model };
        break;
      }
      case "toArrow":
        this.#store.toArrow();
        break;
      case "compact":
        this.#store.compact();
        break;
      case "clear":
        this.#store.clear();
        this.#model.clear();
        break;
    }
  }

  #fresh(count: number): Init[] {
    return Array.from({ length: count }, () => randomInit(this.#rng, this.#nextId++));
  }

  #added(count: number, add: (rows: Init[]) => void): void {
    const rows = this.#fresh(count);
    add(rows);
    for (const row of rows) this.#model.set(row.id, { ...row });
  }
}

const MANY = ["add", "addBatch", "addColumns", "addArrow", "rollback", "update where", "snapshot", "toArrow", "compact"] as const;
const ONE = ["update", "view", "upsert", "delete"] as const;
const RARE = ["delete where", "clear"] as const;

const columnsOf = (rows: readonly Init[]): never =>
  Object.fromEntries(["id", ...NAMES].map((name) => [name, rows.map((row) => row[name as Name])])) as never;

const places: Record<string, (rng: Random) => Store<Item> | ShardedStore<Item>> = {
  heap: () => new Store(Item),
  // Also the smallest column lies in an arena, where its kernels reach it.
  "shared arena": () => new Store(Item, { allocator: () => new SharedAllocator(0) }),
  shards: (rng) => new ShardedStore(Item, { shards: rng.int(1, 3) }),
};

describe("indexes answer as a plain filter does, whatever is written between", () => {
  const { ...limits } = indexLimits;
  beforeAll(() => {
    // Chunks end after some 250 rows.
    VarColumn.fullAt = 2500;
  });
  afterAll(() => {
    Object.assign(indexLimits, limits);
    VarColumn.fullAt = VarColumn.FULL;
  });

  test.each(Object.entries(places))("%s", (_, make) => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const rng = new Random(seed);
        Object.assign(indexLimits, {
          minRows: rng.pick([1, 8, 60]),
          patience: rng.pick([0, 1, 4]),
          scanShare: rng.pick([1, 1, 2, 8]),
        });
        const trial = new Trial(rng, make(rng));
        for (let step = 0; step < 40; step++) {
          trial.write();
          trial.ask();
        }
      }),
      { numRuns: 30 },
    );
  });
});
