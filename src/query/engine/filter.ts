import type { Column } from "../../columns/column.ts";
import type { FixedColumn } from "../../columns/fixed-column.ts";
import type { Chunk } from "../../soa/chunk.ts";
import type { BoundExpression } from "../bound.ts";
import { type ColumnTest, MAX_RANGES } from "../wasm/chunk-mask.ts";
import type { Batch } from "./batch.ts";
import type { Evaluate } from "./evaluate.ts";
import { byteCodeWords, countByteCode, selectByteCode } from "./kernels/byte-codes.ts";
import {
  countAtLeast,
  countAtMost,
  countCode,
  countCodes,
  countFloat,
  countNarrow,
  refineBits,
  refineCodes,
  refineFloat,
  refineNarrow,
  refineWide,
  selectAtLeast,
  selectAtMost,
  selectBits,
  selectCode,
  selectCodes,
  selectFloat,
  selectNarrow,
  selectNotAtLeast,
  selectNotAtMost,
  selectTrue,
  selectWide,
} from "./kernels/select.ts";
import type { Range } from "./range.ts";
import type { RowBuffer } from "./row-buffer.ts";
import type { BoolVector } from "./vector.ts";
import { codeZoneOf, zoneOf } from "./zone-map.ts";

/** What is known of a condition for the rows of a chunk before looking at them. */
export type Outlook = "none" | "all" | "some";

/** One condition of a scan: all of them must hold. */
export interface Filter {
  /** How it is evaluated, for `explain`. */
  readonly kernel: string;
  /** The columns it reads. */
  readonly fields: readonly number[];
  /** The same for the kernels of a shared arena; null where they cannot. */
  readonly test: ColumnTest | null;
  outlook(chunk: Chunk): Outlook;
  /** Keeps the rows for which it holds. */
  narrow(batch: Batch, buffer: RowBuffer): void;
  /** How many of all rows of a chunk it holds for, without saying which; null where that is not quicker. */
  count(batch: Batch): number | null;
}

type Numbers = FixedColumn<Float64Array | Uint32Array>;
type Codes = FixedColumn<Uint8Array | Uint16Array | Uint32Array>;

/** A column of numbers within a range. */
export class RangeFilter implements Filter {
  readonly kernel: string;
  readonly fields: readonly number[];
  readonly test: ColumnTest;
  readonly range: Range;
  readonly #field: number;
  readonly #signed: boolean;
  readonly #flip: number;
  readonly #wide: readonly [low0: number, low1: number, width0: number, width1: number];

  constructor(field: number, range: Range, signed: boolean) {
    this.fields = [field];
    this.#field = field;
    this.#signed = signed;
    this.range = range;
    this.test = { field, ranges: [range], negated: range.negated };
    this.#flip = range.negated ? 1 : 0;
    this.kernel = `${range.layout} range${range.negated ? ", negated" : ""}`;
    if (range.layout === "wide") {
      const words = new Int32Array(
        BigInt64Array.of(
          BigInt.asIntN(64, range.low as bigint),
          BigInt.asIntN(64, (range.high as bigint) - (range.low as bigint)),
        ).buffer,
      );
      this.#wide = [words[0], words[1], words[2], words[3]];
    } else this.#wide = [0, 0, 0, 0];
  }

  outlook(chunk: Chunk): Outlook {
    const { low, high, layout, negated } = this.range;
    const zone = zoneOf(chunk, this.#field, layout, this.#signed);
    if (zone === null) return "some";
    if (zone.nulls === zone.rows) return "none";
    const inside = zone.min >= low && zone.max <= high && !zone.hasNaN;
    const outside = zone.max < low || zone.min > high;
    if (negated ? inside : outside) return "none";
    return (negated ? outside : inside) && zone.nulls === 0 ? "all" : "some";
  }

  narrow(batch: Batch, buffer: RowBuffer): void {
    const column = columnOf(batch, this.#field) as Numbers;
    const { values } = column;
    const { rows, out, count } = buffer;
    const { low, high, layout } = this.range;
    const variant = values.constructor.name;
    if (layout === "wide") {
      const words = column.words as Uint32Array;
      buffer.narrowed(
        rows === null
          ? selectWide("")(words, count, ...this.#wide, this.#flip, out)
          : refineWide("")(words, rows, count, ...this.#wide, this.#flip, out),
      );
    } else if (layout === "float") {
      const floats = values as Float64Array;
      buffer.narrowed(
        rows === null
          ? selectFloats(floats, count, low as number, high as number, this.#flip, out)
          : refineFloat(variant)(floats, rows, count, low as number, high as number, this.#flip, out),
      );
    } else {
      const integers = values as Uint32Array;
      const width = (high as number) - (low as number);
      buffer.narrowed(
        rows === null
          ? selectNarrow(variant)(integers, count, low as number, width, this.#flip, out)
          : refineNarrow(variant)(integers, rows, count, low as number, width, this.#flip, out),
      );
    }
    keepValid(column, buffer);
  }

  count(batch: Batch): number | null {
    const column = columnOf(batch, this.#field) as Numbers;
    const { low, high, layout } = this.range;
    if (column.validity !== null || layout === "wide") return null;
    if (layout === "float")
      return countFloats(column.values as Float64Array, batch.length, low as number, high as number, this.#flip);
    const integers = column.values as Uint32Array;
    const width = (high as number) - (low as number);
    const inside = countNarrow(integers.constructor.name)(integers, batch.length, low as number, width);
    return this.#flip === 0 ? inside : batch.length - inside;
  }
}

function selectFloats(
  values: Float32Array | Float64Array,
  count: number,
  low: number,
  high: number,
  flip: number,
  out: Uint32Array,
): number {
  const variant = values.constructor.name;
  if (high === Number.POSITIVE_INFINITY) return (flip === 0 ? selectAtLeast : selectNotAtLeast)(variant)(values, count, low, out);
  if (low === Number.NEGATIVE_INFINITY) return (flip === 0 ? selectAtMost : selectNotAtMost)(variant)(values, count, high, out);
  return selectFloat(variant)(values, count, low, high, flip, out);
}

function countFloats(values: Float32Array | Float64Array, count: number, low: number, high: number, flip: number): number {
  const variant = values.constructor.name;
  const inside =
    high === Number.POSITIVE_INFINITY
      ? countAtLeast(variant)(values, count, low)
      : low === Number.NEGATIVE_INFINITY
        ? countAtMost(variant)(values, count, high)
        : countFloat(variant)(values, count, low, high);
  return flip === 0 ? inside : count - inside;
}

/** A condition on one enum or category column, evaluated beforehand for each of its values. */
export class CodeFilter implements Filter {
  readonly kernel: string;
  readonly fields: readonly number[];
  readonly test: ColumnTest | null;
  readonly #field: number;
  readonly #table: Uint8Array;
  readonly #size: number;
  readonly #nullHolds: boolean;
  /** The one code for which it holds, or -1. */
  readonly #only: number;

  /** `table` has a 1 for each code for which it holds, and one more entry for null. */
  constructor(field: number, table: Uint8Array) {
    this.fields = [field];
    this.#field = field;
    this.#size = table.length - 1;
    this.#nullHolds = table[this.#size] === 1;
    this.#table = table.subarray(0, this.#size);
    const holds = this.#table.reduce((sum, one) => sum + one, 0);
    this.#only = holds === 1 ? this.#table.indexOf(1) : -1;
    this.test = this.#nullHolds ? null : codeTest(field, this.#table);
    this.kernel = holds === 1 ? "code equality" : `code table, ${holds} of ${this.#size} values`;
  }

  /** The codes for which it holds; null where they are more than `most` ranges, or none, or it holds for null. */
  ranges(most: number): { low: number; high: number }[] | null {
    return this.#nullHolds ? null : codeRanges(this.#table, most);
  }

  outlook(chunk: Chunk): Outlook {
    const zone = codeZoneOf(chunk, this.#field, this.#size);
    if (zone === null) return this.#nullHolds || this.#table.includes(1) ? "some" : "none";
    let holds = 0;
    let there = 0;
    // A code under a null is 0, whether or not that value occurs: with nulls this is no more than an estimate from above.
    for (let i = 0; i < zone.codes.length; i++) {
      there++;
      holds += this.#table[zone.codes[i]] ?? 0;
    }
    if (holds === 0 && (zone.nulls === 0 || !this.#nullHolds)) return "none";
    return holds === there && (zone.nulls === 0 || this.#nullHolds) ? "all" : "some";
  }

  narrow(batch: Batch, buffer: RowBuffer): void {
    const column = columnOf(batch, this.#field) as Codes;
    const { values, validity } = column;
    const { rows, out, count } = buffer;
    if (validity !== null && this.#nullHolds) {
      let m = 0;
      for (let i = 0; i < count; i++) {
        const row = rows === null ? i : rows[i];
        out[m] = row;
        m += ((validity[row >>> 3] >>> (row & 7)) & 1) === 1 ? this.#table[values[row]] : 1;
      }
      buffer.narrowed(m);
      return;
    }
    if (this.#size === 0) {
      buffer.none();
      return;
    }
    const variant = values.constructor.name;
    if (rows !== null) buffer.narrowed(refineCodes(variant)(values, rows, count, this.#table, out));
    else if (this.#only >= 0) buffer.narrowed(selectOne(values, count, this.#only, out));
    else buffer.narrowed(selectCodes(variant)(values, count, this.#table, out));
    keepValid(column, buffer);
  }

  count(batch: Batch): number | null {
    const { values, validity } = columnOf(batch, this.#field) as Codes;
    if (validity !== null || this.#size === 0) return null;
    const variant = values.constructor.name;
    return this.#only >= 0 ? countOne(values, batch.length, this.#only) : countCodes(variant)(values, batch.length, this.#table);
  }
}

function selectOne(codes: Codes["values"], count: number, code: number, out: Uint32Array): number {
  const words = codes instanceof Uint8Array ? byteCodeWords(codes, count) : null;
  return words === null
    ? selectCode(codes.constructor.name)(codes, count, code, out)
    : selectByteCode(words, codes as Uint8Array, count, code, out);
}

function countOne(codes: Codes["values"], count: number, code: number): number {
  const words = codes instanceof Uint8Array ? byteCodeWords(codes, count) : null;
  return words === null
    ? countCode(codes.constructor.name)(codes, count, code)
    : countByteCode(words, codes as Uint8Array, count, code);
}

function codeTest(field: number, table: Uint8Array): ColumnTest | null {
  const ranges = codeRanges(table, MAX_RANGES);
  return ranges === null ? null : { field, ranges, negated: false };
}

/** The codes for which a table has a 1, as ranges; null where they are more than `most`, or none. */
function codeRanges(table: Uint8Array, most: number): { low: number; high: number }[] | null {
  const ranges: { low: number; high: number }[] = [];
  for (let code = 0; code < table.length; code++) {
    if (table[code] === 0) continue;
    const last = ranges.at(-1);
    if (last?.high === code - 1) last.high = code;
    else ranges.push({ low: code, high: code });
    if (ranges.length > most) return null;
  }
  return ranges.length === 0 ? null : ranges;
}

/** Whether a column is null. */
export class NullFilter implements Filter {
  readonly test = null;
  readonly kernel = "validity bitmap";
  readonly fields: readonly number[];
  readonly #field: number;
  readonly #flip: number;

  constructor(field: number, wantsNull: boolean) {
    this.fields = [field];
    this.#field = field;
    this.#flip = wantsNull ? 1 : 0;
  }

  outlook(chunk: Chunk): Outlook {
    if (chunk.columns[this.#field].validity !== null) return "some";
    return this.#flip === 1 ? "none" : "all";
  }

  narrow(batch: Batch, buffer: RowBuffer): void {
    keepBits(columnOf(batch, this.#field).validity, this.#flip, buffer);
  }

  count(): null {
    return null;
  }
}

/** Any condition: computed for the rows that are left. */
export class GeneralFilter implements Filter {
  readonly test = null;
  readonly kernel = "expression, column at a time";
  readonly fields: readonly number[];
  readonly condition: BoundExpression;
  readonly #evaluate: Evaluate;

  constructor(condition: BoundExpression, fields: readonly number[], evaluate: Evaluate) {
    this.condition = condition;
    this.fields = fields;
    this.#evaluate = evaluate;
  }

  outlook(): Outlook {
    return "some";
  }

  narrow(batch: Batch, buffer: RowBuffer): void {
    const { values, valid } = this.#evaluate(batch, buffer.selection) as BoolVector;
    buffer.narrowed(selectTrue(values, valid, buffer.rows, buffer.count, buffer.out));
  }

  count(): null {
    return null;
  }
}

/** A condition that no row can meet. */
export class NeverFilter implements Filter {
  readonly test = null;
  readonly kernel = "never true";
  readonly fields: readonly number[] = [];

  outlook(): Outlook {
    return "none";
  }

  narrow(_: Batch, buffer: RowBuffer): void {
    buffer.none();
  }

  count(): number {
    return 0;
  }
}

function columnOf(batch: Batch, field: number): Column {
  if (batch.chunk === null) throw new Error("a column filter was given rows of no store");
  return batch.chunk.columns[field];
}

function keepValid(column: Column, buffer: RowBuffer): void {
  if (column.validity !== null) keepBits(column.validity, 0, buffer);
}

/** Keeps the rows whose bit is set, or with `flip` 1 is not. No bitmap is one of ones. */
export function keepBits(bits: Uint8Array | null, flip: number, buffer: RowBuffer): void {
  const { rows, count, out } = buffer;
  if (bits === null) {
    if (flip === 1) buffer.none();
  } else buffer.narrowed(rows === null ? selectBits(bits, count, flip, out) : refineBits(bits, rows, count, flip, out));
}
