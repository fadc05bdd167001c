import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Entity, schemaOf } from "../../../../src/entity/entity.ts";
import type { FieldType } from "../../../../src/entity/field-type.ts";
import { u32 } from "../../../../src/entity/fields.ts";
import type { EntityRow } from "../../../../src/entity/types.ts";
import { daysFromIso } from "../../../../src/entity/values/date.ts";
import { textFromUnscaled } from "../../../../src/entity/values/decimal.ts";
import { ticksFromDate } from "../../../../src/entity/values/timestamp.ts";
import { COMPRESSIONS } from "../../../../src/persistence/parquet/codecs/codec.ts";
import type { ParquetWriteOptions } from "../../../../src/persistence/parquet/write/options.ts";
import { Store } from "../../../../src/store/store.ts";
import { everyType, valuesOf } from "../../../entity/arbitrary.ts";
import { encodeFile } from "../encode-file.ts";
import { readFile } from "../read-file.ts";

const rowKey = () => u32().key();
const nullable = Object.fromEntries(Object.entries(everyType).map(([name, type]) => [`${name}Maybe`, type.nullable()]));
class Thing extends Entity("things", { row: rowKey(), ...everyType, ...nullable } as typeof everyType & {
  row: ReturnType<typeof rowKey>;
}) {}

const MAX_SECONDS = (2n ** 63n - 1n) / 1000n;

/** Seconds are stored as milliseconds: those of 64 bits do not all fit. */
const storable = (type: FieldType): fc.Arbitrary<unknown> =>
  type.kind === "timestamp" && type.unit === "s" && type.mode === "bigint"
    ? fc.bigInt({ min: -MAX_SECONDS, max: MAX_SECONDS })
    : valuesOf(type);

const TICKS = { s: 1n, ms: 1_000n, us: 1_000_000n, ns: 1_000_000_000n };
const moments = fc.date({ min: new Date("1700-01-01"), max: new Date("2200-01-01"), noInvalidDate: true });

/** Of dates and times those that DuckDB can read: it counts microseconds, and has infinite dates. */
function knownToDuck(type: FieldType): fc.Arbitrary<unknown> {
  if (type.kind === "date") return moments.map((day) => day.toISOString().slice(0, 10));
  if (type.kind !== "timestamp") return storable(type);
  return moments.map((moment) => {
    const ticks = (BigInt(Math.trunc(moment.getTime() / 1000)) * TICKS[type.unit]) as bigint;
    if (type.mode === "bigint") return ticks;
    return type.mode === "number" ? Number(ticks % 2n ** 52n) : new Date(Math.trunc(moment.getTime() / 1000) * 1000);
  });
}

function things(values: (type: FieldType) => fc.Arbitrary<unknown>) {
  const fields = schemaOf(Thing).fields.slice(1);
  const row = fields.map(({ name, type, nullable }) => {
    return [name, nullable ? fc.option(values(type), { freq: 2 }) : values(type)] as const;
  });
  return fc.record({
    rows: fc.array(fc.record(Object.fromEntries(row)), { maxLength: 12 }),
    options,
    times: fc.constantFrom(1, 1, 7, 40),
    dead: fc.array(fc.nat({ max: 40 }), { maxLength: 5 }),
  });
}

const options: fc.Arbitrary<ParquetWriteOptions> = fc.record({
  compression: fc.constantFrom(...COMPRESSIONS),
  rowGroupSize: fc.constantFrom(1, 5, 64, 262_144),
  pageSize: fc.constantFrom(1024, 1_048_576),
});

/** The rows `times` over, each with its number, without those that are `dead`. */
function storeOf(given: readonly object[], times: number, dead: readonly number[]): Store<Thing> {
  const store = new Store(Thing);
  for (let row = 0; row < given.length * times; row++) store.add({ ...given[row % given.length], row } as never);
  for (const row of dead) if (store.has(row)) store.delete(row);
  return store;
}

const objectsOf = (store: Iterable<EntityRow>): unknown[] => [...store].map((row) => row.toObject());

describe("every type, in every compression", () => {
  let duck: DuckDBConnection;
  const folder = mkdtempSync(join(tmpdir(), "faun-parquet-"));
  beforeAll(async () => {
    duck = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  });
  afterAll(() => {
    duck.closeSync();
    rmSync(folder, { recursive: true });
  });

  test("comes back bit-equal", async () => {
    await fc.assert(
      fc.asyncProperty(things(storable), async ({ rows, options, times, dead }) => {
        const store = storeOf(rows, times, dead);
        const bytes = await encodeFile(schemaOf(Thing), store.kernel, options);
        expect(objectsOf(await readFile(Thing, bytes))).toEqual(objectsOf(store));
      }),
      { numRuns: 40 },
    );
  });

  test("is read by hyparquet as it was written", async () => {
    await fc.assert(
      fc.asyncProperty(things(storable), async ({ rows, options, times, dead }) => {
        const store = storeOf(rows, times, dead);
        const bytes = await encodeFile(schemaOf(Thing), store.kernel, options);
        expect(await readByHyparquet(bytes)).toEqual([...store].map((row) => asHyparquetReads(row)));
      }),
      { numRuns: 30 },
    );
  });

  test("is read by DuckDB as it was written", async () => {
    const path = join(folder, "things.parquet");
    await fc.assert(
      fc.asyncProperty(things(knownToDuck), async ({ rows, options, times, dead }) => {
        const store = storeOf(rows, times, dead);
        writeFileSync(path, await encodeFile(schemaOf(Thing), store.kernel, options));
        const read = await duck.runAndReadAll(`SELECT ${schemaOf(Thing).fields.map(inDuck).join(", ")} FROM '${path}'`);
        expect(read.getRows()).toEqual([...store].map((row) => schemaOf(Thing).fields.map((field) => asDuckReads(field, row))));
      }),
      { numRuns: 30 },
    );
  });
});

type Field = ReturnType<typeof schemaOf>["fields"][number];
const fieldOf = (field: Field, row: object) => (row as Record<string, unknown>)[field.name];
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex").toUpperCase();

/** Ticks of the stored unit. */
function storedTicks(type: Extract<FieldType, { kind: "timestamp" }>, value: unknown): bigint {
  const ticks = value instanceof Date ? (ticksFromDate(value, type.unit) as bigint) : BigInt(value as number);
  return type.unit === "s" ? ticks * 1000n : ticks;
}

/** Decimals are left out: hyparquet makes doubles of them. */
function asHyparquetReads(row: object): object {
  const read: Record<string, unknown> = {};
  for (const field of schemaOf(Thing).fields) {
    const value = fieldOf(field, row);
    const { type } = field;
    if (type.kind === "decimal") continue;
    if (value === null) read[field.column] = null;
    else if (type.kind === "timestamp") read[field.column] = storedTicks(type, value);
    else if (type.kind === "date") read[field.column] = daysFromIso(value as string);
    else if (type.kind === "u64" || type.kind === "i64") read[field.column] = BigInt(value as bigint);
    else read[field.column] = value;
  }
  return read;
}

async function readByHyparquet(bytes: Uint8Array<ArrayBuffer>): Promise<object[]> {
  const columns = schemaOf(Thing).fields.flatMap(({ column, type }) => (type.kind === "decimal" ? [] : [column]));
  const ticks = (value: bigint) => value;
  const parsers = {
    timestampFromMilliseconds: ticks,
    timestampFromMicroseconds: ticks,
    timestampFromNanoseconds: ticks,
    dateFromDays: (value: number) => value,
  };
  return parquetReadObjects({ file: bytes.buffer, columns, compressors, parsers: parsers as never, utf8: false });
}

/** What DuckDB read, in a form that is exact. */
function inDuck({ column, type }: Field): string {
  switch (type.kind) {
    case "utf8":
    case "category":
    case "enum":
      return `hex(encode("${column}"))`;
    case "binary":
      return `hex("${column}")`;
    case "f32":
    case "f64":
      return `"${column}"`;
    case "date":
      return `datediff('day', DATE '1970-01-01', "${column}")::VARCHAR`;
    case "timestamp":
      return `epoch_ns("${column}")::VARCHAR`;
    default:
      return `"${column}"::VARCHAR`;
  }
}

function asDuckReads(field: Field, row: object): unknown {
  const value = fieldOf(field, row);
  const { type } = field;
  if (value === null) return null;
  switch (type.kind) {
    case "utf8":
    case "category":
    case "enum":
      return hex(Buffer.from(value as string));
    case "binary":
      return hex(value as Uint8Array);
    case "f32":
    case "f64":
      return value;
    case "date":
      return String(daysFromIso(value as string));
    case "timestamp":
      return String(storedTicks(type, value) * (TICKS.ns / TICKS[type.unit === "s" ? "ms" : type.unit]));
    case "decimal":
      return duckDecimal(type.mode === "bigint" ? textFromUnscaled(value as bigint, type.scale) : (value as string), type);
    default:
      return String(value);
  }
}

/** DuckDB writes no zero before the point where the type has no room for one. */
function duckDecimal(text: string, { precision, scale }: { precision: number; scale: number }): string {
  return precision === scale ? text.replace(/^(-?)0\./, "$1.") : text;
}
