import type { Column } from "../../columns/column.ts";
import { FixedColumn } from "../../columns/fixed-column.ts";
import type { Chunk } from "../../soa/chunk.ts";
import { type ArenaKernels, kernelsOf, type ScanExports } from "./arena-kernels.ts";

/** What makes masks: kernels over an arena, or a note of what they are to do there. */
export interface MaskKernels {
  readonly scan: Pick<ScanExports, RangeName | "maskAnd" | "maskAndNot" | "maskRows">;
  readonly mask: number;
  readonly second: number;
  readonly third: number;
  load(bitmap: Uint8Array, rows: number, mask: number): void;
  copy(from: number, to: number, blocks: number): void;
}

type RangeName = Extract<keyof ScanExports, `range${string}`>;

/** A test of one column that arena kernels can do: any of some ranges of its values, or with `negated` none; never true of null. */
export interface ColumnTest {
  readonly field: number;
  readonly ranges: readonly { readonly low: number | bigint; readonly high: number | bigint }[];
  readonly negated: boolean;
}

/** How many ranges are tried one after the other before JavaScript's table of codes is as quick. */
export const MAX_RANGES = 8;

const SET = 0;
const OR = 2;

type RangeKernel = (column: number, blocks: number, low: never, high: never, invert: bigint, mode: number, mask: number) => void;

/** The kernels of the arena that a fixed-width column lies in; null where there are none, or the column ends within a block. */
export function kernelsFor(column: Column, rows: number): ArenaKernels | null {
  if (!(column instanceof FixedColumn) || column.values.length < blocksOf(rows) * 64 * column.stride) return null;
  return kernelsOf(column.values.buffer);
}

export const blocksOf = (rows: number): number => (rows + 63) >>> 6;

/** The kernels of the arena that the first column of these tests lies in, where the others do too. */
export function kernelsForTests(chunk: Chunk, tests: readonly ColumnTest[]): ArenaKernels | null {
  let kernels: ArenaKernels | null = null;
  for (const { field } of tests) {
    const own = kernelsFor(chunk.columns[field], chunk.length);
    if (own === null || (kernels !== null && own !== kernels)) return null;
    kernels = own;
  }
  return kernels;
}

/** Writes which rows of the chunk are there and pass every test to `kernels.mask`; no test: all that are there. */
export function maskChunk(kernels: MaskKernels, chunk: Chunk, tests: readonly ColumnTest[]): void {
  const { scan, mask, second } = kernels;
  const rows = chunk.length;
  const blocks = blocksOf(rows);
  if (tests.length === 0) scan.maskRows(mask, rows);
  for (let i = 0; i < tests.length; i++) {
    const column = chunk.columns[tests[i].field] as FixedColumn;
    const into = i === 0 ? mask : second;
    testColumn(kernels, column, blocks, tests[i], into);
    if (i > 0) scan.maskAnd(mask, second, blocks);
    if (column.validity !== null) {
      kernels.load(column.validity, rows, second);
      scan.maskAnd(mask, second, blocks);
    }
  }
  if (chunk.deadCount > 0) {
    kernels.load(chunk.dead as Uint8Array, rows, second);
    scan.maskAndNot(mask, second, blocks);
  }
  clearTail(kernels, mask, rows);
}

function testColumn(
  kernels: MaskKernels,
  column: FixedColumn,
  blocks: number,
  { ranges, negated }: ColumnTest,
  mask: number,
): void {
  const { values } = column;
  const range = kernels.scan[rangeName(values)] as RangeKernel;
  // None of several is not the union of the opposites: turn the last one over would be wrong; turn the union.
  const invert = negated && ranges.length === 1 ? -1n : 0n;
  for (let i = 0; i < ranges.length; i++) {
    const { low, high } = ranges[i];
    const [from, to] = values instanceof Float32Array ? [singleFrom(low as number), singleTo(high as number)] : [low, high];
    range(values.byteOffset, blocks, from as never, to as never, invert, i === 0 ? SET : OR, mask);
  }
  if (negated && ranges.length > 1) {
    const { scan, third } = kernels;
    scan.maskRows(third, blocks * 64);
    scan.maskAndNot(third, mask, blocks);
    kernels.copy(third, mask, blocks);
  }
}

/** The least single that is not below a double. */
const singleFrom = (low: number): number => {
  const single = Math.fround(low);
  return single < low ? nextSingle(single) : single;
};

/** The greatest single that is not above it. */
const singleTo = (high: number): number => -singleFrom(-high);

const bits = new DataView(new ArrayBuffer(4));

function nextSingle(value: number): number {
  if (value === 0) return 2 ** -149;
  bits.setFloat32(0, value);
  bits.setInt32(0, bits.getInt32(0) + (value > 0 ? 1 : -1));
  return bits.getFloat32(0);
}

function rangeName(values: FixedColumn["values"]): RangeName {
  if (values instanceof Uint8Array) return "rangeU8";
  if (values instanceof Int8Array) return "rangeI8";
  if (values instanceof Uint16Array) return "rangeU16";
  if (values instanceof Int16Array) return "rangeI16";
  if (values instanceof Uint32Array) return "rangeU32";
  if (values instanceof Int32Array) return "rangeI32";
  if (values instanceof BigUint64Array) return "rangeU64";
  if (values instanceof BigInt64Array) return "rangeI64";
  return values instanceof Float32Array ? "rangeF32" : "rangeF64";
}

/** Bits behind the last row say nothing about rows. */
function clearTail({ scan, third }: MaskKernels, mask: number, rows: number): void {
  if ((rows & 63) === 0) return;
  scan.maskRows(third, rows);
  scan.maskAnd(mask, third, blocksOf(rows));
}
