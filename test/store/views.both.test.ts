import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { Entity } from "../../src/entity/entity.ts";
import { binary, category, enumOf, f64, timestamp, u32, u64, utf8 } from "../../src/entity/fields.ts";
import { RowGoneError, ValidationError } from "../../src/errors.ts";
import { ShardedStore } from "../../src/store/sharded-store.ts";
import { Store } from "../../src/store/store.ts";

class Order extends Entity("orders", {
  id: u64().key(),
  total: f64(),
  status: enumOf("Pending", "Shipped"),
  tag: category(),
  note: utf8().nullable(),
  at: timestamp("ms"),
  blob: binary(),
}) {
  get isLarge(): boolean {
    return this.total > 200;
  }

  set percentOff(percent: number) {
    this.total = (this.total * (100 - percent)) / 100;
  }

  ship(): this {
    this.status = "Shipped";
    return this;
  }

  static ordered(id: bigint, total: number): Order {
    return new this({ id, total, status: "Pending", tag: "web", at: new Date(id < 9n ? 1000 : 2000), blob: Uint8Array.of(1, 2) });
  }
}

/** Everything a class may have that an object made without its constructor would lack. */
class Tracked extends Order {
  #reads = 0;
  label = "tracked";
  readonly seen: string[] = [];
  readonly #secret: string;

  constructor(init: ConstructorParameters<typeof Order>[0]) {
    super(init);
    this.#secret = `of ${this.id}`;
    this.seen.push("made");
  }

  read(): number {
    return ++this.#reads;
  }

  get secret(): string {
    return this.#secret;
  }

  static isTracked(value: object): boolean {
    return #secret in value;
  }
}

class Special extends Tracked {
  #level = 3;

  override ship(): this {
    super.ship();
    this.#level++;
    return this;
  }

  get level(): number {
    return this.#level;
  }
}

const classes: [string, typeof Order][] = [
  ["a class without fields", Order],
  ["a class with private members, fields and a constructor", Tracked],
  ["a subclass of a subclass", Special],
];

describe.each(classes)("views of %s", (_, OrderClass) => {
  const rows = () => [OrderClass.ordered(1n, 100), OrderClass.ordered(2n, 300), OrderClass.ordered(10n, 500)];
  const filled = () => {
    const store = new Store(OrderClass);
    store.addBatch(rows());
    return store;
  };

  test("are objects of the class, by whatever way they are taken", () => {
    const store = filled();
    const sharded = new ShardedStore(OrderClass, { shards: 2 });
    sharded.addBatch(rows());
    const views = [
      store.get(2n)!,
      store.at(1)!,
      [...store][1]!,
      store.filter(({ id }) => id === 2n)[0]!,
      store.update(2n, {}),
      store.snapshot().get(2n)!,
      [...store.snapshot()][1]!,
      sharded.get(2n)!,
      sharded.filter(({ id }) => id === 2n)[0]!,
      sharded.snapshot().get(2n)!,
    ];
    for (const view of views) {
      expect(view).toBeInstanceOf(OrderClass);
      expect(view).toBeInstanceOf(Order);
      expect(view.constructor).toBe(OrderClass);
      expect(view.isLarge).toBe(true);
      expect(view.toObject()).toEqual(OrderClass.ordered(2n, 300).toObject());
      expect(view.toJSON()).toEqual(OrderClass.ordered(2n, 300).toJSON());
      expect(JSON.stringify(view)).toBe(JSON.stringify(OrderClass.ordered(2n, 300)));
    }
  });

  test("write the columns, through fields, methods and setters of the class", () => {
    const store = filled();
    const view = store.get(2n)!;
    view.total = 250;
    view.percentOff = 50;
    expect(view.ship()).toBe(view);
    expect(store.at(1)!.toObject()).toMatchObject({ total: 125, status: "Shipped" });
    expect(store.kernel.rawArray("total")[1]).toBe(125);
    expect(view.isLarge).toBe(false);
    store.update(2n, { note: "later" });
    expect(view.note).toBe("later");
  });

  test("print as the object they stand for", () => {
    const store = filled();
    for (const options of [{}, { depth: 0 }, { colors: true }, { compact: false }, { showHidden: false, breakLength: 20 }]) {
      expect(inspect(store.get(2n), options)).toBe(inspect(OrderClass.ordered(2n, 300), options));
      expect(inspect({ nested: [store.get(2n)] }, options)).toBe(inspect({ nested: [OrderClass.ordered(2n, 300)] }, options));
    }
    expect(inspect(store.snapshot().get(2n))).toBe(inspect(OrderClass.ordered(2n, 300)));
  });

  test("print that their row is gone rather than throwing at whoever prints them", () => {
    const store = filled();
    const view = store.get(2n)!;
    store.delete(2n);
    expect(inspect(view)).toMatch(/orders: the row of this view was deleted/);
  });

  test("copies stand alone: with(), toObject(), values of binary and time", () => {
    const store = filled();
    const view = store.get(2n)!;
    const copy = view.with({ total: 1, id: 77n });
    expect(copy).toBeInstanceOf(OrderClass);
    expect(copy.toObject()).toEqual({ ...OrderClass.ordered(2n, 300).toObject(), total: 1, id: 77n });
    copy.total = 2;
    const object = view.toObject();
    object.total = 3;
    view.blob.fill(9);
    view.at.setTime(0);
    expect(view.toObject()).toEqual(OrderClass.ordered(2n, 300).toObject());
    store.clear();
    expect(copy.total).toBe(2);
    expect(copy.ship().status).toBe("Shipped");
    expect(object.note).toBeNull();
    store.add(copy);
    expect(store.get(77n)!.total).toBe(2);
  });

  test("are taken as rows by the same and by another store", () => {
    const store = filled();
    const other = new Store(OrderClass);
    other.addBatch(store);
    other.upsert(store.get(2n)!.with({ total: 5 }));
    expect(Array.from(other, ({ total }) => total)).toEqual([100, 5, 500]);
    expect(() => store.add(store.get(2n)!)).toThrow("exists already");
    store.upsert(other.get(2n)!);
    expect(store.get(2n)!.total).toBe(5);
  });

  test("spread, keys and structural equality do not see the columns", () => {
    const view = filled().get(2n)!;
    expect("total" in { ...view }).toBe(false);
    expect(Object.keys(view)).not.toContain("total");
    expect(Object.keys(OrderClass.ordered(2n, 300))).toContain("total");
    expect({ ...view.toObject() }.total).toBe(300);
    const { total } = view;
    expect(total).toBe(300);
    expect("total" in view).toBe(true);
  });

  test("follow their row while others are added and deleted, and say so when it is gone", () => {
    const store = new Store(OrderClass);
    store.add(OrderClass.ordered(1n, 1));
    const view = store.get(1n)!;
    // The first chunk grows several times, and others follow.
    store.addColumns({
      id: BigUint64Array.from({ length: 70_000 }, (_, i) => BigInt(i + 2)),
      total: new Float64Array(70_000),
      status: new Uint8Array(70_000),
      tag: new Array<string>(70_000).fill("bulk"),
      at: new BigInt64Array(70_000),
      blob: new Array<Uint8Array>(70_000).fill(new Uint8Array(0)),
    });
    view.total = 42;
    expect(store.get(1n)!.total).toBe(42);
    const behind = store.get(70_001n)!;
    store.delete(69_000n);
    store.compact();
    // Its chunk was before the first deleted row: it did not move.
    expect(view.total).toBe(42);
    expect(() => behind.total).toThrow(RowGoneError);
    store.delete(1n);
    expect(() => view.total).toThrow("the row of this view was deleted");
    store.add(OrderClass.ordered(1n, 5));
    expect(() => view.total).toThrow("the row of this view was deleted");
    expect(() => view.ship()).toThrow(RowGoneError);
    expect(store.get(1n)!.status).toBe("Pending");
  });

  test("of a snapshot show what was, and are read-only", () => {
    const store = filled();
    const snapshot = store.snapshot();
    const [first] = snapshot;
    store.get(1n)!.total = 7;
    store.delete(2n);
    store.clear();
    store.addBatch(rows().map((row) => row.with({ total: 0 })));
    for (const view of [first!, snapshot.get(1n)!, snapshot.at(0)!, snapshot.filter(({ id }) => id === 1n)[0]!]) {
      expect(view.total).toBe(100);
      expect(() => view.ship()).toThrow(ValidationError);
      expect(() => view.ship()).toThrow("this row is read-only");
      expect(view.with({ total: 3 }).total).toBe(3);
    }
    expect(snapshot.get(2n)!.total).toBe(300);
    expect(Array.from(snapshot, ({ total }) => total)).toEqual([100, 300, 500]);
    expect(store.get(1n)!.status).toBe("Pending");
  });
});

describe("views and what a constructor makes", () => {
  test("private members, class fields and what they hold are each view's own", () => {
    const store = new Store(Special);
    store.addBatch([Special.ordered(1n, 1), Special.ordered(2n, 2)] as Special[]);
    const [first, second] = store;
    expect([first!.read(), first!.read(), second!.read()]).toEqual([1, 2, 1]);
    expect([first!.secret, second!.secret]).toEqual(["of 1", "of 2"]);
    expect([first!.label, first!.seen]).toEqual(["tracked", ["made"]]);
    first!.seen.push("more");
    expect(second!.seen).toEqual(["made"]);
    expect(Tracked.isTracked(first!)).toBe(true);
    expect(first!.ship().level).toBe(4);
    expect(store.get(1n)!.level).toBe(3);
    expect(store.get(1n)!.status).toBe("Shipped");
    first!.label = "mine";
    expect(store.get(1n)!.label).toBe("tracked");
  });

  test("a constructor may read any field, of a store without rows too", () => {
    class Reader extends Entity("readers", {
      id: u32().key(),
      tag: category(),
      kind: enumOf("A", "B"),
      text: utf8(),
      at: timestamp("ms"),
    }) {
      readonly summary: string;
      constructor(
        init: ConstructorParameters<typeof Order>[0] | { id: number; tag: string; kind: "A" | "B"; text: string; at: Date },
      ) {
        super(init as never);
        this.summary = `${this.tag.toUpperCase()} ${this.kind.toLowerCase()} ${this.text.trim()} ${this.at.getTime()}`;
      }
    }
    const store = new Store(Reader);
    store.add({ id: 1, tag: "tag", kind: "B", text: " text ", at: new Date(5) });
    expect(store.get(1)!.summary).toBe("TAG b text 5");
    expect(store.kernel.codecs[1]!.dictionary!.values).toEqual(["tag"]);
  });

  test("a row may go in as an instance of a subclass or of the class above", () => {
    const store = new Store(Order);
    store.add(Special.ordered(1n, 5));
    expect(store.get(1n)!.constructor).toBe(Order);
    const below = new Store(Special);
    below.add(Order.ordered(2n, 6) as Special);
    expect(below.get(2n)!.level).toBe(3);
  });
});

describe.each(["Store", "ShardedStore"])("iteration over a %s", (kind) => {
  class Row extends Entity("rows", { id: u32().key(), value: u32() }) {}
  const filled = (count: number) => {
    const store = kind === "Store" ? new Store(Row) : new ShardedStore(Row, { shards: 3 });
    store.addBatch(Array.from({ length: count }, (_, id) => ({ id, value: id })));
    return store;
  };
  const ids = (rows: Iterable<Row>) => Array.from(rows, ({ id }) => id).sort((a, b) => a - b);

  test.each([0, 1, 64, 65, 70_000])("of %d rows visits each once, as often as it is asked", (count) => {
    const store = filled(count);
    for (let round = 0; round < 2; round++) expect(ids(store)).toEqual(Array.from({ length: count }, (_, i) => i));
    const iterator = store[Symbol.iterator]();
    for (const _ of iterator) break;
    expect([...iterator].length).toBe(Math.max(0, count - 1));
    expect(iterator.next().done).toBe(true);
    expect(iterator.next().done).toBe(true);
  });

  test("rows added on the way are not visited, rows deleted before their turn neither", () => {
    const store = filled(200);
    let n = 0;
    const seen: number[] = [];
    for (const row of store) {
      seen.push(row.id);
      store.add({ id: 1000 + n++, value: 0 });
      if (row.id < 199) {
        const next = row.id + 1;
        if (!seen.includes(next)) store.delete(next);
      }
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.every((id) => id < 200)).toBe(true);
    expect(ids(store).filter((id) => id < 200)).toEqual([...seen].sort((a, b) => a - b));
    expect(store.size).toBe(seen.length + n);
  });

  test("the row itself may be deleted or changed", () => {
    const store = filled(100);
    for (const row of store) {
      if (row.id % 2 === 0) store.delete(row.id);
      else row.value += 1;
    }
    expect(ids(store)).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i + 1));
    expect(Array.from(store, ({ id, value }) => value - id).every((difference) => difference === 1)).toBe(true);
  });

  test("compaction and clearing on the way end it with an error, unless nothing moves", () => {
    for (const change of ["compact", "clear"] as const) {
      const store = filled(100);
      for (let id = 50; id < 90; id++) store.delete(id);
      const visit = () => {
        let n = 0;
        for (const _ of store) if (n++ === 10) store[change]();
      };
      expect(visit).toThrow(RowGoneError);
    }
    const store = filled(100);
    let n = 0;
    for (const _ of store) {
      store.compact();
      n++;
    }
    expect(n).toBe(100);
    const begun = store[Symbol.iterator]();
    for (let id = 0; id < 90; id++) store.delete(id);
    store.compact();
    expect(() => [...begun]).toThrow("while its rows were being iterated");
  });
});

describe("a default for the key", () => {
  test("is asked once a row, and the row is found by it in every shard", () => {
    let next = 0;
    class Row extends Entity("rows", {
      id: u32()
        .key()
        .default(() => next++),
      value: u32(),
    }) {}
    const sharded = new ShardedStore(Row, { shards: 4 });
    for (let i = 0; i < 20; i++) sharded.add({ value: i });
    sharded.addBatch(Array.from({ length: 20 }, (_, i) => ({ value: 20 + i })));
    sharded.addColumns({ value: Array.from({ length: 20 }, (_, i) => 40 + i) });
    sharded.upsert({ value: 60 });
    expect(next).toBe(61);
    for (let id = 0; id < 61; id++) expect(sharded.get(id)!.value).toBe(id);
    const store = new Store(Row);
    store.upsert({ value: 61 });
    store.upsert({ id: 61, value: 62 });
    expect(next).toBe(62);
    expect(Array.from(store, (row) => row.toObject())).toEqual([{ id: 61, value: 62 }]);
  });
});
