import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { Allocator } from "../../src/columns/allocator.ts";
import { BitColumn } from "../../src/columns/bit-column.ts";
import type { Codec } from "../../src/columns/codec.ts";
import { codecFor } from "../../src/columns/codecs/index.ts";
import type { Column } from "../../src/columns/column.ts";
import { FixedColumn } from "../../src/columns/fixed-column.ts";
import { HeapAllocator } from "../../src/columns/heap-allocator.ts";
import { SharedAllocator } from "../../src/columns/shared-allocator.ts";
import { VarColumn } from "../../src/columns/var-column.ts";
import { declare } from "../../src/entity/declaration.ts";
import type { AnyField } from "../../src/entity/types.ts";
import { UnsupportedError } from "../../src/errors.ts";
import { everyType, valuesOf } from "../entity/arbitrary.ts";
import { show } from "../store/show.ts";

/** What may be done to a column, and to a list beside it. */
type Op =
  | { do: "append"; values: unknown[] }
  | { do: "overwrite"; at: number; value: unknown }
  | { do: "grow"; by: number }
  | { do: "copy"; spare: number }
  | { do: "copyRows"; from: number; count: number }
  | { do: "settle" };

function ops(value: fc.Arbitrary<unknown>): fc.Arbitrary<Op[]> {
  const op: fc.Arbitrary<Op> = fc.oneof(
    fc.record({ do: fc.constant("append" as const), values: fc.array(value, { maxLength: 20 }) }),
    fc.record({ do: fc.constant("overwrite" as const), at: fc.nat(), value }),
    fc.record({ do: fc.constant("grow" as const), by: fc.integer({ min: 1, max: 90 }) }),
    fc.record({ do: fc.constant("copy" as const), spare: fc.nat({ max: 20 }) }),
    fc.record({ do: fc.constant("copyRows" as const), from: fc.nat(), count: fc.nat() }),
    fc.record({ do: fc.constant("settle" as const) }),
  );
  return fc.array(op, { maxLength: 25 });
}

function check(codec: Codec, column: Column, model: readonly unknown[]): void {
  expect(model.map((_, i) => show(codec.read(column, i)))).toEqual(model.map(show));
  expect(column.nullCount(model.length)).toBe(model.filter((v) => v === null).length);
  if (column.validity !== null) {
    // Arrow reads these: under a null stands a zero, or no bytes.
    model.forEach((v, i) => {
      if (v !== null) return;
      if (column instanceof VarColumn) expect(column.bytesAt(i).length).toBe(0);
      else if (column instanceof FixedColumn) expect(Number(column.values[i * column.stride])).toBe(0);
      else expect(codec.load(column, i)).toBe(false);
    });
  }
}

function run(codec: Codec, allocator: Allocator, list: readonly Op[]): void {
  let column = codec.makeColumn(allocator, 8, 0);
  const model: unknown[] = [];
  const room = (rows: number) => {
    if (rows > column.capacity) column.grow(rows + 3, model.length);
  };
  for (const op of list) {
    switch (op.do) {
      case "append":
        room(model.length + op.values.length);
        for (const value of op.values) {
          codec.append(column, model.length, codec.check(value));
          model.push(value);
        }
        break;
      case "overwrite":
        if (model.length === 0) break;
        codec.overwrite(column, op.at % model.length, codec.check(op.value));
        model[op.at % model.length] = op.value;
        break;
      case "grow":
        column.grow(column.capacity + op.by, model.length);
        break;
      case "copy": {
        const before = column;
        column = column.copy(allocator, model.length + op.spare, model.length, 1);
        before.release(true);
        break;
      }
      case "copyRows": {
        const from = op.from % (model.length + 1);
        const count = op.count % (model.length - from + 1);
        const source = column.copy(allocator, model.length, model.length, 1);
        room(model.length + count);
        column.copyRows(source, from, model.length, count);
        model.push(...model.slice(from, from + count));
        source.release(true);
        break;
      }
      case "settle":
        if (column instanceof VarColumn) column.settle();
        break;
    }
  }
  check(codec, column, model);
  column.release(true);
  expect(allocator.stats().liveBytes).toBe(0);
}

const allocators: [string, () => Allocator][] = [
  ["heap", () => new HeapAllocator()],
  ["shared", () => new SharedAllocator()],
];

describe.each(allocators)("on the %s allocator, columns hold what was written:", (_, make) => {
  test.each(Object.keys(everyType) as (keyof typeof everyType)[])("%s", (name) => {
    const schema = declare("things", { field: (everyType[name] as AnyField).nullable() }, undefined);
    const field = schema.fields[0]!;
    const value = fc.option(valuesOf(field.type), { freq: 4 });
    fc.assert(
      fc.property(ops(value), (list) => run(codecFor(schema, field), make(), list)),
      { numRuns: 30 },
    );
  });
});

describe("columns of variable length", () => {
  afterEach(() => {
    VarColumn.fullAt = VarColumn.FULL;
  });

  test("patches are folded in once they are many, and the column stays right", () => {
    const column = new VarColumn(new HeapAllocator(), 1000, 0);
    for (let i = 0; i < 1000; i++) column.append(i, Uint8Array.of(i & 255));
    const { offsets } = column;
    for (let i = 0; i < 200; i++) column.patch(i * 5, new Uint8Array(i % 7).fill(i));
    expect(column.offsets).not.toBe(offsets);
    for (let i = 0; i < 1000; i++) {
      const expected = i % 5 === 0 ? new Uint8Array((i / 5) % 7).fill(i / 5) : Uint8Array.of(i & 255);
      expect([...column.bytesAt(i)]).toEqual([...expected]);
    }
  });

  test("a column is full from the limit on, not before", () => {
    VarColumn.fullAt = 10;
    const column = new VarColumn(new HeapAllocator(), 8, 0);
    column.append(0, new Uint8Array(9));
    expect(column.isFull(1)).toBe(false);
    column.append(1, new Uint8Array(1));
    expect(column.isFull(2)).toBe(true);
  });

  test("more than 32-bit offsets can address is refused before anything is written", () => {
    const column = new VarColumn(new HeapAllocator(), 8, 0);
    column.append(0, Uint8Array.of(7));
    expect(() => column.reserve(1, 2 ** 31 - 1)).toThrow(UnsupportedError);
    expect([...column.bytesAt(0)]).toEqual([7]);
  });

  test("adopted bytes are read in place from any start, and copied when they must change", () => {
    const data = Uint8Array.from([9, 9, 1, 2, 3, 4, 9]);
    const column = VarColumn.adopt(Int32Array.of(2, 3, 3, 6), data, null, 3);
    expect([0, 1, 2].map((i) => [...column.bytesAt(i)])).toEqual([[1], [], [2, 3, 4]]);
    expect(column.bytesAt(2).buffer).toBe(data.buffer);
    const copy = column.copy(new HeapAllocator(), 3, 3, 1);
    copy.patch(0, Uint8Array.of(5, 5));
    copy.settle();
    expect([0, 1, 2].map((i) => [...copy.bytesAt(i)])).toEqual([[5, 5], [], [2, 3, 4]]);
    expect([...data]).toEqual([9, 9, 1, 2, 3, 4, 9]);
  });
});

test("adopted columns are shared and have no allocator: whoever writes must copy first", () => {
  const columns = [
    FixedColumn.adopt(Float64Array.of(1, 2), 1, null, 2),
    BitColumn.adopt(Uint8Array.of(1), null, 2),
    VarColumn.adopt(Int32Array.of(0, 0), new Uint8Array(0), null, 1),
  ];
  for (const column of columns) {
    expect(column.shared).toBe(true);
    expect(column.allocator).toBeNull();
  }
});
