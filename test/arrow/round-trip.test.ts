/** Rows of every type go through Arrow and come back as they were, and other readers see the same values. */
import { type Column, tableFromIPC as flechetteFromIPC } from "@uwdata/flechette";
import { RecordBatchReader, tableFromIPC } from "apache-arrow";
import fc from "fast-check";
import {
  type AllocatorChoice,
  category,
  Entity,
  type Field,
  fromRecordBatches,
  Store,
  toArrowIPC,
  toArrowIPCChunks,
  toRecordBatches,
  u32,
  utf8,
} from "faun";
import { describe, expect, test } from "vitest";
import { joinBytes } from "../../src/columns/join-bytes.ts";
import type { FieldKind, FieldType } from "../../src/entity/field-type.ts";
import { everyType, valuesOf } from "../entity/arbitrary.ts";

type AnyField = Field<FieldKind, unknown, never>;
const plain = everyType as unknown as Record<string, AnyField>;
const nullable = Object.fromEntries(Object.entries(plain).map(([name, field]) => [name, field.nullable()])) as Record<
  string,
  AnyField
>;

class Plain extends Entity("plain", { id: u32().key(), ...plain }) {}
class Nullable extends Entity("nullable", { id: u32().key(), ...nullable }) {}

const rowsOf = (orNull: boolean) =>
  fc.array(
    fc.record(
      Object.fromEntries(
        Object.entries(plain).map(([name, field]) => {
          const values = valuesOf(field.type);
          return [name, orNull ? fc.option(values, { freq: 2 }) : values];
        }),
      ),
    ),
    { minLength: 0, maxLength: 40 },
  );

const json = (rows: Iterable<{ toJSON(): unknown }>) => [...rows].map((row) => row.toJSON());

describe.each([
  ["plain", Plain, false],
  ["nullable", Nullable, true],
] as const)("%s fields of every type", (_, entity, orNull) => {
  test.each(["heap", "shared"] as const satisfies readonly AllocatorChoice[])(
    "come back through every form, on the %s allocator",
    (allocator) => {
      fc.assert(
        fc.property(rowsOf(orNull), fc.nat({ max: 39 }), fc.boolean(), (rows, deleted, compact) => {
          const store = new Store(entity, { allocator });
          store.addBatch(rows.map((row, id) => ({ ...row, id })) as never);
          if (deleted < rows.length) store.deleteAt(deleted);
          if (compact) store.compact();
          const expected = json(store);
          const forms = {
            table: store.toArrow(),
            copy: store.toArrow({ copy: true }),
            snapshot: store.snapshot().toArrow(),
            batches: toRecordBatches(store),
            batch: toRecordBatches(store)[0] ?? store.toArrow(),
            stream: toArrowIPC(store),
            file: toArrowIPC(store, { format: "file" }),
            pieces: [...toArrowIPCChunks(store.snapshot())],
            buffer: toArrowIPC(store).buffer,
            store,
            apache: tableFromIPC(toArrowIPC(store)),
            reader: RecordBatchReader.from(toArrowIPC(store)),
          };
          for (const [form, input] of Object.entries(forms)) {
            expect(json(Store.fromArrow(entity, input as never, { allocator })), form).toEqual(expected);
          }
          expect(json(fromRecordBatches(entity, toRecordBatches(store)).rows())).toEqual(expected);
          // Onto rows that are there already, and behind a chunk that is not full.
          const other = new Store(entity, { allocator });
          other.addArrow(store.toArrow());
          for (const row of [...other]) other.delete(row.id);
          other.addArrow(toArrowIPC(store));
          expect(json(other)).toEqual(expected);
        }),
        { numRuns: 25 },
      );
    },
  );

  test("are what an independent reader sees in the bytes", () => {
    fc.assert(
      fc.property(rowsOf(orNull), fc.constantFrom("stream", "file"), (rows, format) => {
        const store = new Store(entity);
        store.addBatch(rows.map((row, id) => ({ ...row, id })) as never);
        const bytes = toArrowIPC(store, { format } as never);
        const table = flechetteFromIPC(bytes, { useBigInt: true, useDecimalInt: true });
        expect(table.numRows).toBe(rows.length);
        for (const [index, { name, column, type }] of store.kernel.schema.fields.entries()) {
          expect(table.names[index]).toBe(column);
          const seen = ticksKinds.has(type.kind) ? ticksOf(table.getChildAt(index)) : [...table.getChildAt(index)].map(simple);
          expect(seen, column).toEqual([...store].map((row) => raw((row as never)[name], type)));
        }
        // And by structure, without the bytes.
        expect(json(Store.fromArrow(entity, flechetteFromIPC(bytes) as never))).toEqual(json(store));
      }),
      { numRuns: 25 },
    );
  });
});

const ticksKinds = new Set(["date", "timestamp"]);

/** What stands in the buffers: flechette itself turns days and ticks into milliseconds, where a double holds those. */
function ticksOf({ data }: Column<unknown>): unknown[] {
  return data.flatMap((batch) =>
    Array.from({ length: batch.length }, (_, i) => (batch.nullCount > 0 && !batch.isValid(i) ? null : BigInt(batch.values![i]!))),
  );
}

const simple = (value: unknown) => (value instanceof Uint8Array ? [...value] : value);

const FAR_DAYS = new Map([
  ["-5877641-06-23", -(2n ** 31n)],
  ["+5881580-07-11", 2n ** 31n - 1n],
]);
const TICKS_PER_SECOND = { s: 1n, ms: 1000n, us: 1_000_000n, ns: 1_000_000_000n };

/** A value of a row as it stands in its column. */
function raw(value: unknown, type: FieldType): unknown {
  if (value === null) return null;
  switch (type.kind) {
    case "binary":
      return [...(value as Uint8Array)];
    case "u64":
    case "i64":
      return BigInt(value as number | bigint);
    case "decimal":
      return typeof value === "bigint" ? value : BigInt((value as string).replace(".", ""));
    case "date":
      return FAR_DAYS.get(value as string) ?? BigInt(Date.parse(value as string) / 86_400_000);
    case "timestamp":
      return value instanceof Date
        ? (BigInt(value.getTime()) * TICKS_PER_SECOND[type.unit]) / 1000n
        : BigInt(value as number | bigint);
    default:
      return value;
  }
}

class Tagged extends Entity("tagged", { id: u32().key(), tag: category({ codes: "u8" }).nullable(), text: utf8() }) {}

test("a growing dictionary leaves earlier tables as they were", () => {
  const store = new Store(Tagged);
  const tables = [];
  for (let id = 0; id < 200; id++) {
    store.add({ id, tag: `tag ${id} ü`, text: "" });
    if (id % 20 === 0) tables.push([id, store.toArrow()] as const);
  }
  for (const [id, table] of tables) {
    expect(table.getChild("tag")!.toArray()).toEqual(Array.from({ length: id + 1 }, (_, i) => `tag ${i} ü`));
  }
});

test("strings of a batch that was refused are forgotten, also by tables made since", () => {
  const store = new Store(Tagged);
  store.add({ id: 0, tag: "a", text: "" });
  expect(() =>
    store.addBatch([
      { id: 1, tag: "b", text: "" },
      { id: 0, tag: "c", text: "" },
    ]),
  ).toThrow();
  expect(store.toArrow().getChild("tag")!.toArray()).toEqual(["a"]);
  expect(() =>
    store.addBatch(
      (function* () {
        yield { id: 1, tag: "b", text: "" };
        // A table in the middle of an addition that fails.
        store.toArrow();
        yield { id: 0, tag: "c", text: "" };
      })(),
    ),
  ).toThrow();
  store.add({ id: 1, tag: "d", text: "" });
  store.add({ id: 2, tag: "e", text: "" });
  expect(store.toArrow().getChild("tag")!.toArray()).toEqual(["a", "d", "e"]);
});

test("what leaves as bytes is plain memory", () => {
  const store = new Store(Tagged, { allocator: "shared" });
  for (let id = 0; id < 3000; id++) store.add({ id, tag: `tag ${id % 5}`, text: "shared".repeat(id % 9) });
  for (const bytes of [toArrowIPC(store), ...toArrowIPCChunks(store), ...toArrowIPCChunks(store, { format: "file" })]) {
    expect(bytes.buffer).toBeInstanceOf(ArrayBuffer);
    expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
  }
  expect(joinBytes([...toArrowIPCChunks(store)])).toEqual(toArrowIPC(store));
});
