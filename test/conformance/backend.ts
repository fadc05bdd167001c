/**
 * What every backend promises, as tests: a later backend runs them by
 *
 *     describeBackend("Parquet", (entity) => new ParquetPersistence(entity, newFolder()), { timeTravel: true, … });
 *
 * `make` gives a persistence over an empty place of its own each time. Capabilities are those expected: a backend that
 * claims others fails.
 */
import {
  type BackendSnapshot,
  type Capabilities,
  type Change,
  ConflictError,
  DuplicateKeyError,
  type EntityClass,
  type EntityRow,
  fromRecordBatches,
  KeyNotFoundError,
  type Persistence,
  SchemaMismatchError,
  SoA,
  Store,
  toRecordBatches,
  UnsupportedError,
  ValidationError,
} from "faun";
import { beforeEach, describe, expect, test } from "vitest";
import { schemaOf } from "../../src/entity/entity.ts";
import { deleteChange, Order, type OrderInit, order, orders, Reading, rowsChange, soaOf, updateChange } from "./entities.ts";

export type MakePersistence = <T extends EntityRow>(entity: EntityClass<T>) => Persistence<T> | Promise<Persistence<T>>;

export function describeBackend(name: string, make: MakePersistence, capabilities: Capabilities): void {
  describe(name, () => {
    let persistence: Persistence<Order>;

    beforeEach(async () => {
      persistence = await make(Order);
      return () => persistence.close();
    });

    const stored = async () => [...(await persistence.load()).rows()].map((row) => row.toObject());
    const commit = async (...changes: Change[]) => {
      await persistence.open();
      return persistence.backend.commit(changes);
    };
    const present = async () => {
      const snapshot = await persistence.backend.snapshot();
      await snapshot.close();
      return snapshot.version;
    };

    test("has the capabilities it is expected to have", () => {
      expect(persistence.backend.capabilities).toEqual(capabilities);
    });

    describe("the public methods", () => {
      test("an empty place has no rows, and no batches", async () => {
        expect(await persistence.isEmpty()).toBe(true);
        expect(await persistence.count()).toBe(0);
        expect((await persistence.load()).size).toBe(0);
        expect(await collect(persistence.loadBatches(10))).toEqual([]);
        expect(await persistence.memoryStats()).toMatchObject({ totalRows: 0 });
      });

      test("save replaces, append adds behind, clear removes", async () => {
        expect(await persistence.save(soaOf(orders(0, 5)))).toMatchObject({ rows: 5n });
        await persistence.append(soaOf(orders(5, 3)));
        expect(await stored()).toEqual(orders(0, 8));
        expect(await persistence.count()).toBe(8);
        expect(await persistence.isEmpty()).toBe(false);
        await persistence.save(soaOf(orders(100, 2)));
        expect(await stored()).toEqual(orders(100, 2));
        await persistence.clear();
        expect(await stored()).toEqual([]);
      });

      test("what is saved are the rows of the moment of the call, deleted ones left out", async () => {
        const store = new Store(Order);
        store.addBatch(orders(0, 10));
        store.delete(3n);
        const saving = persistence.save(store);
        store.update(4n, { total: -1 });
        store.add(order(99));
        await saving;
        expect(await stored()).toEqual(orders(0, 10).filter((row) => row.orderId !== 3n));
      });

      test("what was loaded and what is stored change independently", async () => {
        await persistence.save(soaOf(orders(0, 10)));
        const loaded = await persistence.load();
        loaded.update(loaded.find(1n), { total: -1, note: "mine" });
        loaded.deleteAt(loaded.find(2n));
        expect(await stored()).toEqual(orders(0, 10));
        await commit(updateChange(["total"], [order(5, { total: -5 })]), deleteChange(6));
        expect(loaded.get(5n)?.total).toBe(order(5).total);
        expect(loaded.has(6n)).toBe(true);
      });

      test("many rows come back as they were, in order, at the borders of chunks", async () => {
        const rows = orders(0, 65_537);
        await persistence.save(soaOf(rows.slice(0, 65_536)));
        await persistence.append(soaOf(rows.slice(65_536)));
        expect(await persistence.count()).toBe(65_537);
        const loaded = await persistence.load();
        expect(loaded.at(65_536)?.toObject()).toEqual(rows[65_536]);
        expect(loaded.get(65_535n)?.toObject()).toEqual(rows[65_535]);
        let i = 0;
        for (const row of loaded.rows()) if (row.orderId !== rows[i++].orderId) throw new Error(`row ${i - 1} is ${row.orderId}`);
        expect(i).toBe(65_537);
      });

      test("batches go in and come out, of at most the length asked for", async () => {
        const batches = toRecordBatches(soaOf(orders(0, 1000)));
        await persistence.saveBatches(batches);
        await persistence.appendBatches(asynchronously(toRecordBatches(soaOf(orders(1000, 500)))));
        const got = await collect(persistence.loadBatches(300));
        expect(got.every((batch) => batch.numRows > 0 && batch.numRows <= 300)).toBe(true);
        expect([...fromRecordBatches(Order, got).rows()].map((row) => row.toObject())).toEqual(orders(0, 1500));
        await persistence.saveBatches([]);
        expect(await persistence.isEmpty()).toBe(true);
      });

      test.each([0, -1, 1.5, Number.NaN, "10"])("loadBatches(%s) is refused", (rows) => {
        expect(() => persistence.loadBatches(rows as number)).toThrow(ValidationError);
      });

      test("rows of another entity, and what has no rows, are refused", async () => {
        await persistence.save(soaOf(orders(0, 2)));
        const readings = new SoA(Reading);
        readings.add({ sensor: "a", value: 1 });
        await expect(persistence.append(readings)).rejects.toThrow(SchemaMismatchError);
        await expect(persistence.appendBatches(toRecordBatches(readings))).rejects.toThrow(SchemaMismatchError);
        await expect(persistence.save({} as never)).rejects.toThrow(ValidationError);
        await expect(persistence.saveBatches(5 as never)).rejects.toThrow(ValidationError);
        expect(await stored()).toEqual(orders(0, 2));
      });

      test("a key that is there already, or twice in the rows, is refused and nothing stored", async () => {
        await persistence.save(soaOf(orders(0, 3)));
        await expect(persistence.append(soaOf(orders(2, 3)))).rejects.toThrow(DuplicateKeyError);
        const twice = [...toRecordBatches(soaOf([order(8)])), ...toRecordBatches(soaOf([order(8)]))];
        await expect(persistence.appendBatches(twice)).rejects.toThrow(DuplicateKeyError);
        await expect(persistence.saveBatches(twice)).rejects.toThrow(DuplicateKeyError);
        expect(await stored()).toEqual(orders(0, 3));
      });

      test("a source of batches that fails is passed on, and nothing is stored", async () => {
        await persistence.save(soaOf(orders(0, 3)));
        async function* failing() {
          yield* toRecordBatches(soaOf(orders(10, 3)));
          throw new Error("the source broke");
        }
        await expect(persistence.appendBatches(failing())).rejects.toThrow("the source broke");
        await expect(persistence.saveBatches(failing())).rejects.toThrow("the source broke");
        expect(await stored()).toEqual(orders(0, 3));
      });

      test("entities without a key keep equal rows", async () => {
        const readings = await make(Reading);
        const soa = new SoA(Reading);
        soa.addBatch([
          { sensor: "a", value: 1 },
          { sensor: "a", value: 1 },
        ]);
        await readings.save(soa);
        await readings.append(soa);
        expect([...(await readings.load()).rows()].map((row) => row.value)).toEqual([1, 1, 1, 1]);
        await readings.open();
        const batches = toRecordBatches(soa);
        await expect(readings.backend.commit([{ kind: "upsert", rows: () => batches }])).rejects.toThrow(UnsupportedError);
        await readings.close();
      });

      test("close can be repeated, and use after it opens again", async () => {
        await persistence.close();
        await persistence.close();
        expect(await persistence.count()).toBe(0);
      });
    });

    describe("commits", () => {
      beforeEach(async () => {
        await persistence.save(soaOf(orders(0, 6)));
      });

      const find = (rows: OrderInit[], id: number) => rows.find((row) => row.orderId === BigInt(id));

      test.runIf(capabilities.mutations !== "none")("update changes the fields it carries, and no others", async () => {
        await commit(
          updateChange(
            ["total", "note"],
            [order(1, { total: -1, note: null, customer: "not meant" }), order(4, { total: -4, note: "4" })],
          ),
        );
        expect(find(await stored(), 1)).toEqual(order(1, { total: -1, note: null }));
        expect(find(await stored(), 4)).toEqual(order(4, { total: -4, note: "4" }));
        expect(find(await stored(), 2)).toEqual(order(2));
      });

      test.runIf(capabilities.mutations !== "none")(
        "update of a key that is not there, or of the key, is refused whole",
        async () => {
          await expect(commit(updateChange(["total"], [order(1, { total: -1 }), order(77)]))).rejects.toThrow(KeyNotFoundError);
          await expect(commit(updateChange(["orderId"], [order(1)]))).rejects.toThrow(ValidationError);
          expect(await stored()).toEqual(orders(0, 6));
        },
      );

      test.runIf(capabilities.mutations !== "none")("upsert replaces in place and appends", async () => {
        await commit(rowsChange("upsert", [order(9), order(2, { note: "new", region: "elsewhere" }), order(8)]));
        expect(await stored()).toEqual([
          order(0),
          order(1),
          order(2, { note: "new", region: "elsewhere" }),
          order(3),
          order(4),
          order(5),
          order(9),
          order(8),
        ]);
      });

      test.runIf(capabilities.mutations !== "none")("delete passes over keys that are not there", async () => {
        await commit(deleteChange(0, 77, 3));
        expect(await stored()).toEqual([order(1), order(2), order(4), order(5)]);
        await commit(rowsChange("append", [order(3)]));
        expect((await stored()).at(-1)).toEqual(order(3));
      });

      test.runIf(capabilities.atomicCommit && capabilities.mutations !== "none")(
        "several changes are made in order",
        async () => {
          const made = await commit(
            deleteChange(1),
            rowsChange("append", [order(1, { note: "again" })]),
            updateChange(["total"], [order(1, { total: -1 })]),
            rowsChange("upsert", [order(20), order(5, { customer: "five" })]),
            deleteChange(20),
          );
          expect(made.rows).toBe(6n);
          expect(await stored()).toEqual([
            order(0),
            order(2),
            order(3),
            order(4),
            order(5, { customer: "five" }),
            order(1, { note: "again", total: -1 }),
          ]);
          await commit(
            rowsChange("append", [order(30)]),
            { kind: "clear" },
            rowsChange("append", [order(31)]),
            rowsChange("append", [order(32)]),
          );
          expect(await stored()).toEqual([order(31), order(32)]);
        },
      );

      test.runIf(capabilities.atomicCommit && capabilities.mutations !== "none")(
        "a change that is refused takes all others back",
        async () => {
          const refused: [Change[], typeof DuplicateKeyError | typeof KeyNotFoundError][] = [
            [
              [deleteChange(0), updateChange(["total"], [order(1, { total: -1 })]), rowsChange("append", [order(2)])],
              DuplicateKeyError,
            ],
            [[rowsChange("append", [order(50)]), updateChange(["total"], [order(51)])], KeyNotFoundError],
            [[{ kind: "clear" }, rowsChange("append", [order(1)]), rowsChange("append", [order(1)])], DuplicateKeyError],
            [[deleteChange(2), updateChange(["total"], [order(2)])], KeyNotFoundError],
            [[rowsChange("append", [order(3)]), { kind: "clear" }], DuplicateKeyError],
            [[rowsChange("replace", [order(3)]), updateChange(["total"], [order(4)])], KeyNotFoundError],
          ];
          for (const [changes, kind] of refused) {
            await expect(commit(...changes)).rejects.toThrow(kind);
            expect(await stored()).toEqual(orders(0, 6));
          }
        },
      );

      test.runIf(capabilities.expectedVersion)("a wrong expected version is a conflict, and changes nothing", async () => {
        const before = await present();
        await commit(rowsChange("append", [order(6)]));
        const rows = rowsChange("append", [order(7)]);
        await expect(persistence.backend.commit([rows], { expected: before })).rejects.toThrow(ConflictError);
        expect(await stored()).toEqual(orders(0, 7));
        const made = await persistence.backend.commit([rows], { expected: await present() });
        expect(made.version).toBe(await present());
        expect(await stored()).toEqual(orders(0, 8));
      });

      test("a transaction is made once, and remembered", async () => {
        const { backend } = persistence;
        expect(await backend.lastTxn("somebody")).toBeUndefined();
        const rows = rowsChange("append", [order(6)]);
        const made = await backend.commit([rows], { txn: { writer: "w", seq: 1n } });
        const again = await backend.commit([rows], { txn: { writer: "w", seq: 1n }, expected: "of long ago" });
        expect(again.version).toBe(made.version);
        expect(await stored()).toEqual(orders(0, 7));
        await expect(backend.commit([rows], { txn: { writer: "w", seq: 2n } })).rejects.toThrow(DuplicateKeyError);
        expect(await backend.lastTxn("w")).toMatchObject({ seq: 1n, commit: { version: made.version, rows: 7n } });
        expect(await backend.lastTxn("v")).toBeUndefined();
      });

      test("history tells the commits, oldest first", async () => {
        const made = [await commit(rowsChange("append", [order(6)])), await commit(deleteChange(0))];
        const history = await collect(persistence.backend.history());
        expect(history.slice(-2)).toEqual(made);
        expect(new Set(history.map((past) => past.version)).size).toBe(history.length);
        expect(made.map((past) => past.rows)).toEqual([7n, 6n]);
        expect(made[0].at.getTime()).toBeLessThanOrEqual(made[1].at.getTime());
      });

      test("an aborted call rejects with the reason and changes nothing", async () => {
        const reason = new Error("enough");
        const aborted = AbortSignal.abort(reason);
        await expect(persistence.append(soaOf([order(6)]), { signal: aborted })).rejects.toBe(reason);
        await expect(persistence.load({ signal: aborted })).rejects.toBe(reason);
        await expect(persistence.count({ signal: aborted })).rejects.toBe(reason);

        const controller = new AbortController();
        async function* source() {
          yield* toRecordBatches(soaOf(orders(10, 5)));
          controller.abort(reason);
          yield* toRecordBatches(soaOf(orders(20, 5)));
        }
        await expect(persistence.appendBatches(source(), { signal: controller.signal })).rejects.toBe(reason);
        expect(await stored()).toEqual(orders(0, 6));
      });

      test("an abort after the end does not undo", async () => {
        const controller = new AbortController();
        await persistence.append(soaOf([order(6)]), { signal: controller.signal });
        controller.abort();
        expect(await stored()).toEqual(orders(0, 7));
      });

      test("progress counts rows up to all of them", async () => {
        const seen: number[] = [];
        const batches = [...toRecordBatches(soaOf(orders(10, 40))), ...toRecordBatches(soaOf(orders(50, 60)))];
        await persistence.appendBatches(batches, { onProgress: (progress) => seen.push(progress.rows) });
        expect(seen.at(-1)).toBe(100);
        expect(seen).toEqual([...seen].sort((a, b) => a - b));
        let bytes = 0;
        await persistence.load({ onProgress: (progress) => (bytes = progress.bytes) });
        expect(bytes).toBeGreaterThan(0);
      });

      test("commits asked for at once are made one after the other", async () => {
        const made = await Promise.all(Array.from({ length: 20 }, (_, i) => commit(rowsChange("append", [order(100 + i)]))));
        expect(made.map((past) => past.rows)).toEqual(Array.from({ length: 20 }, (_, i) => BigInt(7 + i)));
        expect(await persistence.count()).toBe(26);
      });
    });

    describe("snapshots", () => {
      const rowsOf = async (snapshot: BackendSnapshot) => {
        const batches = await collect(snapshot.scan());
        return batches.length === 0 ? [] : [...fromRecordBatches(Order, batches).rows()].map((row) => row.toObject());
      };

      test("stay as they were while commits go on, also between two batches", async () => {
        await persistence.save(soaOf(orders(0, 70_000)));
        const snapshot = await persistence.backend.snapshot();
        const scan = snapshot.scan()[Symbol.asyncIterator]();
        const first = await scan.next();
        if (capabilities.mutations === "none") await commit(rowsChange("append", [order(70_000)]));
        else
          await commit(
            updateChange(["total"], [order(69_999, { total: -1 })]),
            deleteChange(0, 69_998),
            rowsChange("append", [order(70_000)]),
          );
        let rows = first.done ? 0 : first.value.numRows;
        for (let next = await scan.next(); !next.done; next = await scan.next()) rows += next.value.numRows;
        expect(rows).toBe(70_000);
        expect(await snapshot.count()).toBe(70_000n);
        expect((await snapshot.stats()).totalRows).toBe(70_000);
        const seen = await rowsOf(snapshot);
        expect(seen[0]).toEqual(order(0));
        expect(seen.slice(-2)).toEqual([order(69_998), order(69_999)]);
        await commit({ kind: "clear" });
        expect((await rowsOf(snapshot)).length).toBe(70_000);
        await snapshot.close();
      });

      test("name their version and schema, and reject once closed", async () => {
        await persistence.save(soaOf(orders(0, 2)));
        const snapshot = await persistence.backend.snapshot();
        expect(snapshot.schema.fields.map((field) => field.column)).toEqual(schemaOf(Order).fields.map((field) => field.column));
        const made = await commit(rowsChange("append", [order(2)]));
        expect(made.version).not.toBe(snapshot.version);
        await snapshot.close();
        await snapshot.close();
        await expect(snapshot.count()).rejects.toThrow(UnsupportedError);
        await expect(collect(snapshot.scan())).rejects.toThrow(UnsupportedError);
      });

      test("of the past are there or refused, as the capabilities say", async () => {
        await persistence.save(soaOf(orders(0, 2)));
        const before = await present();
        await commit(rowsChange("append", [order(2)]));
        const past = persistence.backend.snapshot({ version: before });
        const rowsThen = async (snapshot: BackendSnapshot) => {
          const rows = await rowsOf(snapshot);
          await snapshot.close();
          return rows;
        };
        if (!capabilities.timeTravel) await expect(past).rejects.toThrow(UnsupportedError);
        else expect(await rowsThen(await past)).toEqual(orders(0, 2));
        expect(await rowsThen(await persistence.backend.snapshot({ version: await present() }))).toEqual(orders(0, 3));
      });
    });

    test("what it cannot do is refused", async () => {
      await persistence.open();
      if (!capabilities.evolve) await expect(persistence.backend.evolve(schemaOf(Order))).rejects.toThrow(UnsupportedError);
      if (capabilities.mutations === "none") await expect(commit(deleteChange(1))).rejects.toThrow(UnsupportedError);
      await expect(persistence.backend.open(schemaOf(Reading))).rejects.toThrow(SchemaMismatchError);
    });

    test("maintenance changes no row", async () => {
      await persistence.save(soaOf(orders(0, 20)));
      if (capabilities.mutations !== "none") await commit(deleteChange(3, 4));
      const before = await stored();
      for (const task of ["checkpoint", "compact", "vacuum"] as const) await persistence.backend.maintain(task);
      expect(await stored()).toEqual(before);
      await persistence.append(soaOf(orders(20, 2)));
      expect(await persistence.count()).toBe(before.length + 2);
    });
  });
}

async function collect<V>(values: AsyncIterable<V>): Promise<V[]> {
  const all: V[] = [];
  for await (const value of values) all.push(value);
  return all;
}

async function* asynchronously<V>(values: Iterable<V>): AsyncGenerator<V> {
  for (const value of values) {
    await Promise.resolve();
    yield value;
  }
}
