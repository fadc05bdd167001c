import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CorruptDataError } from "../../../../src/errors.ts";
import { ThriftReader } from "../../../../src/persistence/parquet/format/thrift-reader.ts";
import { struct } from "../../../../src/persistence/parquet/format/thrift-shape.ts";
import { ThriftWriter } from "../../../../src/persistence/parquet/format/thrift-writer.ts";

interface Inner {
  readonly flag: boolean;
  readonly note?: string;
}

interface Everything {
  readonly small?: number;
  readonly short?: number;
  readonly int: number;
  readonly long?: number;
  readonly real?: number;
  readonly text?: string;
  readonly bytes?: Uint8Array;
  readonly inner?: Inner;
  readonly flags?: readonly boolean[];
  readonly numbers?: readonly number[];
  readonly inners?: readonly Inner[];
  readonly last?: boolean;
}

const inner = struct<Inner>("Inner", { flag: [1, "bool", "required"], note: [40, "string"] });

const everything = struct<Everything>("Everything", {
  small: [1, "i8"],
  short: [2, "i16"],
  int: [3, "i32", "required"],
  long: [4, "i64"],
  real: [5, "double"],
  text: [6, "string"],
  bytes: [30, "binary"],
  inner: [31, inner],
  flags: [32, { list: "bool" }],
  numbers: [33, { list: "i64" }],
  inners: [34, { list: inner }],
  last: [1000, "bool"],
});

/** A struct that knows a part of {@link Everything}: the rest is passed over. */
const part = struct<{ readonly int: number; readonly last?: boolean }>("Part", {
  int: [3, "i32", "required"],
  last: [1000, "bool"],
});

const long = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 52, -(2 ** 52)),
);
const inners = fc.record({ flag: fc.boolean(), note: fc.string({ unit: "binary" }) }, { requiredKeys: ["flag"] });
const structs: fc.Arbitrary<Everything> = fc.record(
  {
    small: fc.integer({ min: -128, max: 127 }),
    short: fc.integer({ min: -32_768, max: 32_767 }),
    int: fc.integer(),
    long,
    real: fc.double(),
    text: fc.string({ unit: "binary" }),
    bytes: fc.uint8Array({ maxLength: 300 }),
    inner: inners,
    flags: fc.array(fc.boolean(), { maxLength: 40 }),
    numbers: fc.array(long, { maxLength: 40 }),
    inners: fc.array(inners, { maxLength: 20 }),
    last: fc.boolean(),
  },
  { requiredKeys: ["int"], noNullPrototype: true },
);

function write(value: Everything): Uint8Array {
  const writer = new ThriftWriter(16);
  writer.struct(everything, value);
  return writer.bytes;
}

describe("Thrift's compact protocol", () => {
  test("structs come back as they were written, wherever they begin", () => {
    fc.assert(
      fc.property(structs, fc.nat({ max: 9 }), (value, offset) => {
        const bytes = write(value);
        const shifted = new Uint8Array(offset + bytes.length);
        shifted.set(bytes, offset);
        const reader = new ThriftReader(shifted, "test", offset);
        expect(reader.struct(everything)).toEqual(value);
        expect(reader.position).toBe(shifted.length);
      }),
    );
  });

  test("a struct that knows fewer fields passes over the others", () => {
    fc.assert(
      fc.property(structs, (value) => {
        const bytes = write(value);
        const reader = new ThriftReader(bytes, "test");
        const { int, last } = value;
        expect(reader.struct(part)).toEqual(last === undefined ? { int } : { int, last });
        expect(reader.position).toBe(bytes.length);
      }),
    );
  });

  test("numbers have the bytes that the protocol says", () => {
    const bytesOf = (value: Partial<Everything>) => [...write({ int: 0, ...value })];
    expect(bytesOf({})).toEqual([0x35, 0, 0]);
    expect(bytesOf({ int: -1 })).toEqual([0x35, 1, 0]);
    expect(bytesOf({ int: 150 })).toEqual([0x35, 0xac, 0x02, 0]);
    expect(bytesOf({ small: -2 })).toEqual([0x13, 0xfe, 0x25, 0, 0]);
    expect(bytesOf({ last: true })).toEqual([0x35, 0, 0x01, 0xd0, 0x0f, 0]);
    expect(bytesOf({ long: Number.MIN_SAFE_INTEGER })).toEqual([
      0x35,
      0,
      0x16,
      ...[0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f],
      0,
    ]);
  });

  test("a required member that is missing is refused, both ways", () => {
    expect(() => new ThriftWriter().struct(everything, {} as Everything)).toThrow("Everything.int is required");
    expect(() => new ThriftReader(Uint8Array.of(0), "orders.parquet").struct(everything)).toThrow(
      new CorruptDataError("orders.parquet: Everything.int is missing (at byte 1)"),
    );
  });

  test.each([
    ["a text longer than the bytes", [0x35, 0, 0x38, 0xff, 0xff, 0xff, 0xff, 0x07], "in the middle"],
    ["a list longer than the bytes", [0x09, 66, 0xf6, 0xff, 0xff, 0xff, 0xff, 0x07], "longer than what is left"],
    ["a length of more than 31 bits", [0x35, 0, 0x38, 0xff, 0xff, 0xff, 0xff, 0x0f], "2^31"],
    ["a number without end", [0x35, ...Array<number>(11).fill(0xff)], "10 bytes"],
    ["an i32 of 33 bits", [0x35, 0x80, 0x80, 0x80, 0x80, 0x20], "beyond the numbers"],
    ["an i64 that no double holds", [0x35, 0, 0x16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], "beyond the numbers"],
    ["another type than the field's", [0x38, 0], "wire type 8"],
    ["text that is not UTF-8", [0x35, 0, 0x38, 2, 0xc3, 0x28, 0], "not UTF-8"],
    ["a wire type that is not there", [0x7e, 0], "no wire type 14"],
    ["an unknown value nested without end", [0x7c, ...Array<number>(50).fill(0x1c)], "32 deep"],
    ["an unknown list nested without end", [0x79, ...Array<number>(50).fill(0x19)], "32 deep"],
    ["an unknown map longer than the bytes", [0x7b, 0xff, 0xff, 0x03, 0x55], "longer than what is left"],
  ])("%s is corrupt", (_, bytes, message) => {
    const read = () => new ThriftReader(Uint8Array.from(bytes), "test").struct(everything);
    expect(read).toThrow(CorruptDataError);
    expect(read).toThrow(message);
  });

  test("whatever the bytes: values, or CorruptDataError", () => {
    const read = (bytes: Uint8Array) => {
      try {
        new ThriftReader(bytes, "test").struct(everything);
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptDataError);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), read), { numRuns: 500 });
    fc.assert(
      fc.property(structs, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, flip) => {
        const bytes = write(value);
        bytes[at % bytes.length]! ^= flip;
        read(bytes);
      }),
      { numRuns: 500 },
    );
  });
});
