import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Column } from "../../src/columns/column.ts";
import { Entity } from "../../src/entity/entity.ts";
import { binary, decimal, i8, i32, i64, timestamp, u32, u64, utf8 } from "../../src/entity/fields.ts";
import type { AnyField, EntityClass, EntityRow } from "../../src/entity/types.ts";
import { type KeyHash, keyHashFor } from "../../src/soa/key-hash.ts";
import { KeyIndex } from "../../src/soa/key-index.ts";
import { SoA } from "../../src/soa/soa.ts";
import { show } from "../store/show.ts";

function kernelOf(key: AnyField): SoA<EntityRow> {
  class Thing extends Entity("things", { key }) {}
  return new SoA(Thing as unknown as EntityClass<EntityRow>);
}

const steps = fc.array(fc.record({ key: fc.nat({ max: 60 }), remove: fc.boolean() }), { maxLength: 300, size: "max" });

describe("a key index answers as a Map from key to row does, with heavy deletion:", () => {
  const keys: Record<string, { field: AnyField; key: (n: number) => unknown }> = {
    "u32, in order": { field: u32().key(), key: (n) => n },
    "u32, by powers of two": { field: u32().key(), key: (n) => (n < 32 ? 2 ** n : 2 ** (n - 32) + 1) },
    "u64, one hash for all": { field: u64().key(), key: (n) => sameHash(n) },
    i64: { field: i64().key(), key: (n) => BigInt(n - 30) * 2n ** 32n },
    utf8: { field: utf8().key(), key: (n) => "a".repeat(n) },
    binary: { field: binary().key(), key: (n) => new Uint8Array(n) },
    decimal: { field: decimal(38, 0).key(), key: (n) => `${BigInt(n) << 64n}` },
  };

  test.each(Object.keys(keys))("%s", (name) => {
    const { field, key } = keys[name]!;
    fc.assert(
      fc.property(steps, (list) => {
        const kernel = kernelOf(field);
        const model = new Map<string, number>();
        for (const { key: n, remove } of list) {
          const value = key(n);
          const row = model.get(show(value));
          expect(kernel.find(value)).toBe(row ?? -1);
          if (remove) {
            expect(row === undefined ? false : kernel.deleteAt(row)).toBe(row !== undefined);
            model.delete(show(value));
          } else if (row === undefined) model.set(show(value), kernel.add({ key: value }));
          else expect(() => kernel.add({ key: value })).toThrow("exists already");
        }
        for (let n = 0; n <= 60; n++) expect(kernel.find(key(n))).toBe(model.get(show(key(n))) ?? -1);
        expect(kernel.index!.size).toBe(model.size);
      }),
      { numRuns: 40 },
    );
  });
});

describe("rows added by the column", () => {
  const parts = fc.array(
    fc.record({
      start: fc.integer({ min: -40, max: 120 }),
      step: fc.constantFrom(1, 1, 1, 2, 0),
      count: fc.integer({ min: 1, max: 40 }),
    }),
    { maxLength: 8 },
  );
  const kinds = {
    "i32, about 0": { field: i32().key(), array: Int32Array, key: (n: number) => n },
    "u64, about 2^32": { field: u64().key(), array: BigUint64Array, key: (n: number) => 2n ** 32n + BigInt(n) },
    "u64, about 2^64": { field: u64().key(), array: BigUint64Array, key: (n: number) => BigInt.asUintN(64, BigInt(n) - 60n) },
    "i64, about 2^63": { field: i64().key(), array: BigInt64Array, key: (n: number) => BigInt.asIntN(64, 2n ** 63n + BigInt(n)) },
  };

  test.each(Object.entries(kinds))(
    "%s: are found, and refused together where a key is there already",
    (_, { field, array, key }) => {
      fc.assert(
        fc.property(parts, (list) => {
          const kernel = kernelOf(field);
          const model = new Map<string, number>();
          let next = 0;
          for (const { start, step, count } of list) {
            // Mostly on from where the last ones ended.
            const from = step === 1 && start % 3 !== 0 ? next : start;
            const keys = Array.from({ length: count }, (_, i) => key(from + i * step));
            const shown = keys.map(show);
            const fits = new Set(shown).size === count && shown.every((each) => !model.has(each));
            const add = () => kernel.addColumns({ key: columnOf(array, keys) } as never);
            if (fits) {
              add();
              for (const each of shown) model.set(each, model.size);
              next = from + count;
            } else expect(add).toThrow("exists already");
            expect(kernel.index!.size).toBe(model.size);
          }
          for (let n = -50; n < 700; n++) expect(kernel.find(key(n))).toBe(model.get(show(key(n))) ?? -1);
        }),
        { numRuns: 60 },
      );
    },
  );
});

const columnOf = (array: { from(values: never): unknown }, values: unknown[]): unknown => array.from(values as never);

/** Keys of one hash: the high word undoes what it adds to the low one. */
function sameHash(n: number): bigint {
  const low = (Math.imul(n, 0x9e3779b1) ^ 12345) >>> 0;
  return (BigInt(n) << 32n) | BigInt(low);
}

test("the keys made to collide do collide", () => {
  const kernel = kernelOf(u64().key());
  kernel.addBatch(Array.from({ length: 50 }, (_, n) => ({ key: sameHash(n) })));
  const hash = keyHashFor({ kind: "u64", mode: "bigint" });
  expect(new Set(Array.from({ length: 50 }, (_, n) => hash.hash(kernel.chunkList[0]!.columns[0]!, n))).size).toBe(1);
});

describe("an index over any hash at all", () => {
  const constant = (value: number): KeyHash => {
    const real = keyHashFor({ kind: "u32" });
    return { hash: () => value, equal: real.equal.bind(real) };
  };

  test.each([0, -1, -2, 1, 0x7fffffff, -0x80000000])("hash %d for every key", (value) => {
    const kernel = kernelOf(u32().key());
    kernel.addBatch(Array.from({ length: 200 }, (_, key) => ({ key })));
    const { chunkList } = kernel;
    const column = chunkList[0]!.columns[0] as Column;
    const index = new KeyIndex(constant(value), 0);
    for (let row = 0; row < 200; row++) expect(index.insert(chunkList, row, column, row)).toBe(true);
    for (let row = 0; row < 200; row++) expect(index.find(chunkList, column, row)).toBe(row);
    expect(index.insert(chunkList, 200, column, 17)).toBe(false);
    for (let row = 0; row < 200; row += 2) index.remove(chunkList, column, row);
    for (let row = 0; row < 200; row++) expect(index.find(chunkList, column, row)).toBe(row % 2 === 0 ? -1 : row);
    expect(index.size).toBe(100);
  });
});

test.each([1n, 3n])("an index that rows come and go from takes no more room with time: keys in steps of %d", (step) => {
  const kernel = kernelOf(u64().key());
  kernel.addBatch(Array.from({ length: 100 }, (_, n) => ({ key: BigInt(n) * step })));
  const { byteLength } = kernel.index!;
  for (let n = 100; n < 5000; n++) {
    kernel.deleteAt(kernel.find(BigInt(n - 100) * step));
    kernel.add({ key: BigInt(n) * step });
  }
  expect(kernel.index!.byteLength).toBeLessThanOrEqual(byteLength * 2);
  kernel.compact();
  for (let n = 0; n < 5000; n++) expect(kernel.has(BigInt(n) * step)).toBe(n >= 4900);
});

test("an index takes 8 to 16 bytes a row, and next to nothing while keys count up", () => {
  const scattered = kernelOf(u32().key());
  const counting = kernelOf(u32().key());
  for (let rows = 64, n = 0; rows <= 100_000; rows *= 3) {
    for (; n < rows; n++) {
      scattered.add({ key: Math.imul(n, 0x9e3779b1) >>> 0 });
      counting.add({ key: n + 1000 });
    }
    expect(scattered.index!.byteLength / n).toBeGreaterThanOrEqual(8);
    expect(scattered.index!.byteLength / n).toBeLessThanOrEqual(16);
    expect(counting.index!.byteLength).toBeLessThanOrEqual(64);
  }
});

describe("keys that count up, until they do not:", () => {
  const fields: Record<string, { field: AnyField; key: (n: number) => unknown }> = {
    "u32 to its end": { field: u32().key(), key: (n) => 2 ** 32 - 100 + n },
    "u32 from 0": { field: u32().key(), key: (n) => n },
    "i8 over 0": { field: i8().key(), key: (n) => n - 50 },
    "u64 to its end": { field: u64().key(), key: (n) => 2n ** 64n - 100n + BigInt(n) },
    "u64 over 2^32": { field: u64().key(), key: (n) => 2n ** 32n - 50n + BigInt(n) },
    "i64 over 0": { field: i64().key(), key: (n) => BigInt(n - 50) },
    "i64 from its beginning": { field: i64().key(), key: (n) => -(2n ** 63n) + BigInt(n) },
    "u64 as numbers, over 2^32": { field: u64({ mode: "number" }).key(), key: (n) => 2 ** 32 - 50 + n },
    timestamp: { field: timestamp("ms").key(), key: (n) => new Date(n - 50) },
    decimal: { field: decimal(4, 0).key(), key: (n) => `${n - 50}` },
  };
  const step = fc.oneof(
    { weight: 10, arbitrary: fc.constant({ do: "next" as const, n: 0 }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("add" as const), n: fc.nat({ max: 99 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("batch" as const), n: fc.nat({ max: 9 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("fail" as const), n: fc.nat({ max: 9 }) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("delete" as const), n: fc.nat({ max: 99 }) }) },
    { weight: 1, arbitrary: fc.constant({ do: "compact" as const, n: 0 }) },
    { weight: 1, arbitrary: fc.constant({ do: "clear" as const, n: 0 }) },
  );

  test.each(Object.keys(fields))("%s", (name) => {
    const { field, key } = fields[name]!;
    fc.assert(
      fc.property(fc.nat({ max: 60 }), fc.array(step, { maxLength: 60, size: "max" }), (first, steps) => {
        const kernel = kernelOf(field);
        const there = new Set<number>();
        let next = first;
        for (const { do: what, n } of steps) {
          const count = Math.min(n, 100 - next);
          const batch = Array.from({ length: count }, (_, i) => ({ key: key(next + i) }));
          const fits = batch.every((_, i) => !there.has(next + i));
          if (what === "next" || what === "add") {
            const value = what === "add" ? n : Math.min(next, 99);
            if (there.has(value)) expect(() => kernel.add({ key: key(value) })).toThrow("exists already");
            else kernel.add({ key: key(value) });
            there.add(value);
            next = Math.max(next, value + 1);
          } else if (what === "batch") {
            if (!fits) continue;
            kernel.addBatch(batch);
            for (let i = 0; i < count; i++) there.add(next + i);
            next += count;
          } else if (what === "fail") {
            if (fits) expect(() => kernel.addBatch([...batch, { key: Symbol("bad") }])).toThrow("things.key");
          } else if (what === "delete") {
            const row = kernel.find(key(n));
            expect(row >= 0).toBe(there.delete(n));
            if (row >= 0) kernel.deleteAt(row);
          } else if (what === "compact") kernel.compact();
          else {
            kernel.clear();
            there.clear();
          }
          for (let i = 0; i < 100; i++) {
            const row = kernel.find(key(i));
            if (row >= 0 !== there.has(i)) expect({ key: i, row }).toBe(there.has(i) ? "found" : "absent");
            if (row >= 0 && show((kernel.at(row) as object as { key: unknown }).key) !== show(key(i)))
              expect({ key: i, row }).toBe("its own row");
          }
        }
        expect(kernel.index!.size).toBe(there.size);
      }),
      { numRuns: 60 },
    );
  });
});
