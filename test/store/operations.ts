import fc from "fast-check";
import { expect } from "vitest";
import type { EntityRow } from "../../src/entity/types.ts";
import { ValidationError } from "../../src/errors.ts";
import { ShardedStore } from "../../src/store/sharded-store.ts";
import { Store } from "../../src/store/store.ts";
import { expectSameOutcome, expectToHold, Model, type Readable } from "./model.ts";
import { initOf, manyKeys, patchOf, rowOf, type Shape, shapes, typedArrayOf, type Values } from "./shape.ts";
import { showRow } from "./show.ts";

type Form = "plain" | "instance";

export type Operation =
  | { do: "add"; row: Values; as: Form }
  | { do: "addBatch"; rows: Values[]; as: Form; how: "array" | "generator" | "throws" | "bad" }
  | { do: "addMany"; count: number; row: Values }
  | { do: "addColumns"; rows: Values[]; typed: boolean }
  | { do: "update"; key: number; patch: Values }
  | { do: "write"; row: number; patch: Values }
  | { do: "upsert"; row: Values; as: Form }
  | { do: "delete"; key: number }
  | { do: "deleteAt"; row: number }
  | { do: "refuse"; row: Values; what: number }
  | { do: "snapshot" }
  | { do: "compact" }
  | { do: "clear" }
  | { do: "arrow"; goOnWith: "old" | "new"; copy: boolean };

export interface Case {
  shape: Shape;
  operations: Operation[];
}

export const cases: fc.Arbitrary<Case> = shapes.chain((shape) =>
  fc.record({ shape: fc.constant(shape), operations: operationsOf(shape) }),
);

function operationsOf(shape: Shape): fc.Arbitrary<Operation[]> {
  const row = initOf(shape);
  const patch = patchOf(shape);
  const rows = fc.array(row, { maxLength: 8 });
  const as = fc.constantFrom<Form>("plain", "instance");
  const weighted = <T extends Operation>(weight: number, arbitrary: fc.Arbitrary<T>) => ({
    weight,
    arbitrary: arbitrary as fc.Arbitrary<Operation>,
  });
  const choices = [
    weighted(6, fc.record({ do: fc.constant("add" as const), row, as })),
    weighted(
      4,
      fc.record({
        do: fc.constant("addBatch" as const),
        rows,
        as,
        how: fc.constantFrom("array" as const, "generator" as const, "throws" as const, "bad" as const),
      }),
    ),
    // Sizes around those at which the first chunk grows.
    weighted(1, fc.record({ do: fc.constant("addMany" as const), count: fc.constantFrom(63, 64, 65, 193, 260), row })),
    weighted(4, fc.record({ do: fc.constant("addColumns" as const), rows, typed: fc.boolean() })),
    weighted(5, fc.record({ do: fc.constant("write" as const), row: fc.nat(), patch })),
    weighted(3, fc.record({ do: fc.constant("deleteAt" as const), row: fc.nat() })),
    weighted(3, fc.record({ do: fc.constant("refuse" as const), row, what: fc.nat() })),
    weighted(2, fc.record({ do: fc.constant("snapshot" as const) })),
    weighted(2, fc.record({ do: fc.constant("compact" as const) })),
    weighted(1, fc.record({ do: fc.constant("clear" as const) })),
    weighted(
      2,
      fc.record({
        do: fc.constant("arrow" as const),
        goOnWith: fc.constantFrom("old" as const, "new" as const),
        copy: fc.boolean(),
      }),
    ),
  ];
  if (shape.keys.length > 0) {
    choices.push(
      weighted(4, fc.record({ do: fc.constant("update" as const), key: fc.nat(), patch })),
      weighted(4, fc.record({ do: fc.constant("upsert" as const), row, as })),
      weighted(4, fc.record({ do: fc.constant("delete" as const), key: fc.nat() })),
    );
  }
  return fc.array(fc.oneof(...choices), { maxLength: 30, size: "max" });
}

export interface Setting {
  allocator: "heap" | "shared";
  /** undefined: a Store. */
  shards: number | undefined;
}

type Loose = {
  [M in "add" | "addBatch" | "addColumns" | "upsert" | "update" | "delete" | "get"]: (...args: unknown[]) => unknown;
};

/** Runs operations on a store and on its model, and holds that they agree after each. */
export class Run {
  readonly #setting: Setting;
  readonly #shape: Shape;
  #store: Store<EntityRow> | ShardedStore<EntityRow>;
  #model: Model;
  /** Snapshots, tables and stores left behind, with what they must still hold at the end. */
  readonly #kept: [() => Readable, Model][] = [];
  #counter = 0;

  constructor(shape: Shape, setting: Setting) {
    this.#setting = setting;
    this.#shape = shape;
    const { entity } = shape;
    const { allocator, shards } = setting;
    this.#store = shards === undefined ? new Store(entity, { allocator }) : new ShardedStore(entity, { allocator, shards });
    this.#model = new Model(shape);
  }

  all(operations: readonly Operation[]): void {
    for (const operation of operations) {
      this.#one(operation);
      expectToHold(this.#store as unknown as Readable, this.#model);
    }
    for (const [kept, model] of this.#kept) expectToHold(kept(), model);
    expect(this.#store.memoryStats().totalRows).toBe(this.#model.live.length);
  }

  get #loose(): Loose {
    return this.#store as unknown as Loose;
  }

  #formed(row: Values, form: Form): object {
    return form === "plain" ? row : new this.#shape.entity(row as never);
  }

  #one(op: Operation): void {
    const model = this.#model;
    switch (op.do) {
      case "add":
        expectSameOutcome(model.add([op.row]), () => this.#loose.add(this.#formed(op.row, op.as)));
        break;
      case "addBatch": {
        const rows = op.rows.map((row) => this.#formed(row, op.as));
        this.#addBatch(rows, op.rows, op.how);
        break;
      }
      case "addMany":
        this.#addMany(op.count, op.row);
        break;
      case "addColumns":
        expectSameOutcome(model.add(op.rows), () => this.#loose.addColumns(this.#columns(op.rows, op.typed)));
        break;
      case "update":
        this.#update(this.#key(op.key), op.patch);
        break;
      case "write":
        this.#write(op.row, op.patch);
        break;
      case "upsert": {
        const at = model.find(op.row.key);
        this.#loose.upsert(this.#formed(op.row, op.as));
        if (at < 0) model.add([op.row]);
        else model.rows[at] = rowOf(this.#shape, op.row);
        break;
      }
      case "delete": {
        const at = model.find(this.#key(op.key));
        expect(this.#loose.delete(this.#key(op.key))).toBe(at >= 0);
        if (at >= 0) model.rows[at] = null;
        break;
      }
      case "deleteAt":
        this.#deleteAt(op.row);
        break;
      case "refuse":
        this.#refuse(op.row, op.what);
        break;
      case "snapshot": {
        const snapshot = this.#store.snapshot() as unknown as Readable;
        this.#kept.push([() => snapshot, model.copy()]);
        break;
      }
      case "compact":
        this.#store.compact();
        model.compact();
        break;
      case "clear":
        this.#store.clear();
        model.rows = [];
        break;
      case "arrow":
        this.#arrow(op.goOnWith, op.copy);
        break;
    }
  }

  #key(n: number): unknown {
    return this.#shape.keys[n % this.#shape.keys.length];
  }

  #update(key: unknown, patch: Values): void {
    const at = this.#model.find(key);
    if (at < 0) {
      expect(() => this.#loose.update(key, patch)).toThrow("no row has key");
      return;
    }
    const row = { ...this.#model.rows[at], ...patch };
    expect(showRow(this.#loose.update(key, patch) as object, this.#shape.names)).toBe(showRow(row, this.#shape.names));
    this.#model.rows[at] = row;
  }

  #addBatch(rows: object[], values: Values[], how: "array" | "generator" | "throws" | "bad"): void {
    const batch = function* () {
      yield* rows;
      if (how === "throws") throw new RangeError("the source broke");
      if (how === "bad") yield { neither: "here" };
    };
    if (how === "array" || how === "generator") {
      expectSameOutcome(this.#model.add(values), () => this.#loose.addBatch(how === "array" ? rows : batch()));
      return;
    }
    // A duplicate among the rows before is found first.
    expect(() => this.#loose.addBatch(batch())).toThrow(
      this.#model.copy().add(values) ? (how === "throws" ? RangeError : ValidationError) : Error,
    );
  }

  #addMany(count: number, row: Values): void {
    const make = manyKeys(this.#shape);
    if (this.#model.keyed && make === undefined) return;
    const rows = Array.from({ length: count }, () => (make === undefined ? row : { ...row, key: make(this.#counter++) }));
    expectSameOutcome(this.#model.add(rows), () => this.#loose.addBatch(rows));
  }

  #columns(rows: readonly Values[], typed: boolean): Values {
    const columns: Values = {};
    for (const { name, type } of this.#shape.fields) {
      const values = rows.map((row) => row[name]);
      columns[name] = (typed ? typedArrayOf(type, values) : undefined) ?? values;
    }
    return columns;
  }

  #write(row: number, patch: Values): void {
    const { names } = this.#shape;
    const views = [...this.#store];
    if (views.length === 0) return;
    const view = views[row % views.length] as object as Values;
    const text = showRow(view, names);
    const at = this.#model.rows.findIndex((candidate) => candidate !== null && showRow(candidate, names) === text);
    expect(at).toBeGreaterThanOrEqual(0);
    // Of rows alike, the one that the view shows: it is as many-th of them in both.
    const alike = views.slice(0, row % views.length).filter((other) => showRow(other, names) === text).length;
    const places = this.#model.rows.flatMap((candidate, i) =>
      candidate !== null && showRow(candidate, names) === text ? [i] : [],
    );
    const place = places[alike]!;
    for (const [name, value] of Object.entries(patch)) view[name] = value;
    this.#model.rows[place] = { ...this.#model.rows[place], ...patch };
    expect(showRow(view, names)).toBe(showRow(this.#model.rows[place], names));
  }

  #deleteAt(row: number): void {
    const store = this.#store;
    if (store instanceof Store) {
      const at = row % (this.#model.rows.length + 1);
      const there = this.#model.rows[at] != null;
      expect(store.deleteAt(at)).toBe(there);
      if (there) this.#model.rows[at] = null;
      return;
    }
    const shard = store.shard(row % store.shardCount);
    const at = row % (shard.kernel.length + 1);
    const view = shard.at(at);
    const text = view === undefined ? undefined : showRow(view, this.#shape.names);
    expect(shard.deleteAt(at)).toBe(view !== undefined);
    if (text === undefined) return;
    const place = this.#model.rows.findIndex((candidate) => candidate !== null && showRow(candidate, this.#shape.names) === text);
    expect(place).toBeGreaterThanOrEqual(0);
    this.#model.rows[place] = null;
  }

  /** Bad input of many kinds, each on a good row: refused, whatever the type of the field. */
  #refuse(row: Values, what: number): void {
    const bad = Symbol("no value of any field");
    const name = this.#shape.names[what % this.#shape.names.length]!;
    const broken = { ...row, [name]: bad };
    const view = [...this.#store][0] as object as Values | undefined;
    const attempts: (() => unknown)[] = [
      () => this.#loose.add(broken),
      () => this.#loose.add({ ...row, another: 1 }),
      () => this.#loose.add(null),
      () => this.#loose.addBatch([row, broken]),
      () => this.#loose.addColumns({ ...this.#columns([row, row], true), [name]: [bad, bad] }),
      () => this.#loose.addColumns({ ...this.#columns([row, row], true), another: [1, 2] }),
      () =>
        this.#loose.addColumns({
          ...this.#columns([row, row], true),
          [this.#shape.names[0]!]: this.#columns([row], false)[this.#shape.names[0]!],
        }),
    ];
    if (this.#shape.names.length < 2) attempts.pop();
    if (this.#model.keyed)
      attempts.push(
        () => this.#loose.upsert(broken),
        () => this.#loose.get(bad),
        () => this.#loose.delete(bad),
      );
    if (view !== undefined) {
      attempts.push(() => {
        view[name] = bad;
      });
      if (this.#model.keyed) {
        attempts.push(() => this.#loose.update(view.key, { [name]: bad }));
        attempts.push(() => {
          const { key } = view;
          view.key = key;
        });
      }
    }
    const dictionaries = this.#dictionarySizes();
    // The key of the row may be a duplicate before its bad field is seen.
    expect(attempts[what % attempts.length]!).toThrow(/^things/);
    expect(this.#dictionarySizes()).toEqual(dictionaries);
  }

  #dictionarySizes(): (number | undefined)[] {
    const store = this.#store;
    const kernel = store instanceof Store ? store.kernel : store.shard(0).kernel;
    return kernel.codecs.map((codec) => codec.dictionary?.size);
  }

  #arrow(goOnWith: "old" | "new", copy: boolean): void {
    const { entity } = this.#shape;
    const { allocator, shards } = this.#setting;
    const read = (table: ReturnType<Store<EntityRow>["toArrow"]>) =>
      shards === undefined
        ? Store.fromArrow(entity, table, { allocator })
        : ShardedStore.fromArrow(entity, table, { allocator, shards });
    const table = this.#store.toArrow({ copy });
    const there = this.#model.copy();
    there.compact();
    // The table stays as it is, whatever becomes of the store, and of a store made of it.
    this.#kept.push([() => read(table) as unknown as Readable, there.copy()]);
    if (goOnWith === "old") return;
    const left = this.#store as unknown as Readable;
    const model = this.#model;
    this.#kept.push([() => left, model]);
    this.#store = read(table);
    this.#model = there;
  }
}
