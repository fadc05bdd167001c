/** IPC bytes from outside: cut short or changed, they give a typed error or values of their fields; never a crash, a hang or half a table. */
import { makeData, makeVector, Null, Table, tableToIPC } from "apache-arrow";
import fc from "fast-check";
import { ArrowError, Entity, FaunError, Store, toArrowIPC, u32 } from "faun";
import { describe, expect, test } from "vitest";
import { everyType, valuesOf } from "../entity/arbitrary.ts";
import { Order, orders } from "./orders.ts";

const nullable = Object.fromEntries(Object.entries(everyType).map(([name, field]) => [name, field.nullable()]));
class Everything extends Entity("everything", { id: u32().key(), ...(nullable as typeof everyType) }) {}

const sample = fc.sample(
  fc.record(Object.fromEntries(Object.entries(everyType).map(([name, field]) => [name, fc.option(valuesOf(field.type))]))),
  {
    numRuns: 50,
    seed: 42,
  },
);
const everything = new Store(Everything);
everything.addBatch(sample.map((row, id) => ({ ...row, id })) as never);

const forms = {
  "stream of every type": [Everything, toArrowIPC(everything)],
  "file of every type": [Everything, toArrowIPC(everything, { format: "file" })],
} as const;

describe.each(Object.entries(forms))("%s", (_, [entity, bytes]) => {
  test("cut at every 64th byte, and at each of the last 64, is refused", () => {
    const lengths = new Set<number>();
    for (let length = 0; length < bytes.length; length += 64) lengths.add(length);
    for (let i = 1; i <= 64; i++) lengths.add(bytes.length - i);
    for (const length of lengths)
      expect(() => Store.fromArrow(entity, bytes.slice(0, length)), String(length)).toThrow(ArrowError);
  });

  test("with a bit flipped gives a typed error, or rows that are rows of the entity", () => {
    // Mostly in the metadata, where bits steer the reader; every row that comes out must be one that could go in.
    const flip = fc.nat({ max: bytes.length * 8 - 1 });
    fc.assert(
      fc.property(fc.array(flip, { minLength: 1, maxLength: 3 }), (flips) => {
        const damaged = bytes.slice();
        for (const bit of flips) damaged[bit >> 3]! ^= 1 << (bit & 7);
        let store: Store<InstanceType<typeof entity>>;
        try {
          store = Store.fromArrow(entity, damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(FaunError);
          return;
        }
        expect(store.size).toBeLessThanOrEqual(65_536);
        for (const row of store) new entity(row.toObject() as never);
      }),
      { numRuns: 600 },
    );
  });
});

test("every bit of the metadata of a small stream", () => {
  class Small extends Entity("small", { id: u32().key(), text: everyType.utf8.nullable(), kind: everyType.smallEnum }) {}
  const store = new Store(Small);
  store.addBatch([
    { id: 1, text: "a", kind: "A" },
    { id: 2, kind: "b" },
  ]);
  for (const format of ["stream", "file"] as const) {
    const bytes = toArrowIPC(store, { format });
    let read = 0;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      try {
        for (const row of Store.fromArrow(Small, damaged)) new Small(row.toObject());
        read++;
      } catch (error) {
        if (!(error instanceof FaunError)) throw new Error(`bit ${bit} of the ${format}`, { cause: error });
      }
    }
    // Most bits are padding, names, metadata and values; but not all may pass.
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(bytes.length * 8);
  }
});

test("large streams cut between batches are refused, not read in part", () => {
  const store = new Store(Order);
  store.addBatch(orders(0, 200_000));
  const bytes = toArrowIPC(store);
  const apache = tableToIPC(store.toArrow(), "stream");
  expect(Buffer.compare(bytes, apache)).toBe(0);
  const batch = Math.floor((bytes.length - 2000) / 200_000) * 65_536;
  for (const around of [batch, batch * 2, batch * 3]) {
    for (let cut = around - 1024; cut < around + 3000; cut += 8) {
      expect(() => Store.fromArrow(Order, bytes.subarray(0, cut))).toThrow(ArrowError);
    }
  }
  expect(() => Store.fromArrow(Order, bytes.subarray(0, bytes.length - 8))).toThrow("a stream ends with the marker");
  const twice = new Uint8Array(bytes.length + 1200);
  twice.set(bytes);
  expect(Store.fromArrow(Order, twice).size).toBe(200_000);
  twice.set(bytes.subarray(0, 1200), bytes.length);
  expect(() => Store.fromArrow(Order, twice)).toThrow("more data behind the end");
});

test("a few bytes that claim a great many rows are refused", () => {
  class Empty extends Entity("empty", { value: everyType.f64.nullable() }) {}
  const claim = (length: number) => tableToIPC(new Table({ value: makeVector(makeData({ type: new Null(), length })) } as never));
  expect(Store.fromArrow(Empty, claim(65_536)).size).toBe(65_536);
  expect(claim(2 ** 31 - 1).length).toBeLessThan(1000);
  expect(() => Store.fromArrow(Empty, claim(2 ** 31 - 1))).toThrow("a batch of 2147483647 rows in 0 bytes");
});

test("noise", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom("", "\xff\xff\xff\xff", "ARROW1\0\0"), (noise, head) => {
      const bytes = Uint8Array.from([...Array.from(head, (c) => c.charCodeAt(0)), ...noise]);
      expect(() => Store.fromArrow(Order, bytes)).toThrow(ArrowError);
      expect(() => Store.fromArrow(Order, Uint8Array.from([...bytes, ...Array.from("ARROW1", (c) => c.charCodeAt(0))]))).toThrow(
        ArrowError,
      );
    }),
    { numRuns: 1000 },
  );
});
