import { FixedColumn } from "../../columns/fixed-column.ts";
import { type ArenaKernels, kernelsOf, MAX_GROUPS } from "./arena-kernels.ts";
import { blocksOf, kernelsFor } from "./chunk-mask.ts";

/** The chosen rows of a chunk: those of the mask of `kernels`, or without it the first `count`, if `rows` is null. */
interface ChosenRows {
  readonly rows: Uint32Array | null;
  readonly count: number;
  readonly kernels?: ArenaKernels;
  /** What another thread has made of them already. */
  readonly finished?: Finished | null;
}

/** Results of kernels that ran elsewhere; null what did not. */
export interface Finished {
  sum(column: FixedColumn): FinishedSum | null;
  /** Four lanes for each of `size` groups, the lanes of all groups behind each other, as `groupSum` in assembly/scan.ts leaves them. */
  groupSums(column: FixedColumn, groups: Codes, size: number): Float64Array | null;
  groupCounts(groups: Codes, size: number): Uint32Array | null;
}

/** Sum of a column over the chosen rows of a chunk: `sum`, or of wide integers the sums of their low and high 32 bits. */
export interface FinishedSum {
  readonly sum: number;
  readonly low: bigint;
  readonly high: bigint;
}

type NarrowSumName = "sumU8" | "sumI8" | "sumU16" | "sumI16" | "sumU32" | "sumI32";
type SumName = NarrowSumName | "sumF64" | "sumU64" | "sumI64";

export type Codes = Uint8Array | Uint16Array | Uint32Array;

/**
 * Kernels whose mask holds the chosen rows of a column of a chunk of `length` rows; null where the column lies elsewhere or
 * the rows are only listed.
 */
function maskedFor(column: FixedColumn, selection: ChosenRows, length: number): ArenaKernels | null {
  const kernels = kernelsFor(column, length);
  if (kernels === null) return null;
  // Rows are made from a mask when asked for: ask only where there is none.
  if (selection.kernels !== undefined) return selection.kernels === kernels ? kernels : null;
  if (selection.rows !== null || selection.count !== length) return null;
  kernels.scan.maskRows(kernels.mask, length);
  return kernels;
}

/** Adds the chosen doubles to `sums`; false where the kernels cannot. Order: see `sumF64` and `groupSum` in assembly/scan.ts. */
export function sumDoubles(
  column: FixedColumn,
  selection: ChosenRows,
  length: number,
  groups: Codes | null,
  size: number,
  sums: Float64Array,
): boolean {
  if (!(column.values instanceof Float64Array)) return false;
  if (groups !== null) return sumByCode(column, selection, length, groups, size, sums);
  const done = selection.finished?.sum(column) ?? null;
  if (done !== null) {
    sums[0] += done.sum;
    return true;
  }
  if (selection.kernels === undefined && selection.rows === null && selection.count === length) {
    const kernels = kernelsFor(column, length);
    if (kernels === null) return false;
    sums[0] += kernels.scan.sumAllF64(column.values.byteOffset, kernels.mask, length);
    return true;
  }
  const kernels = maskedFor(column, selection, length);
  if (kernels === null) return false;
  sums[0] += kernels.scan.sumF64(column.values.byteOffset, kernels.mask, blocksOf(length));
  return true;
}

function sumByCode(
  column: FixedColumn,
  selection: ChosenRows,
  length: number,
  groups: Codes,
  size: number,
  sums: Float64Array,
): boolean {
  const done = selection.finished?.groupSums(column, groups, size) ?? null;
  if (done !== null) {
    addLanes(done, size, sums);
    return true;
  }
  const kernels = codeKernels(selection, length, groups, size);
  if (kernels === null || kernels !== kernelsFor(column, length)) return false;
  const { scan, mask, sums: address, sumOf } = kernels;
  sumOf.fill(0, 0, 4 * size);
  scan.maskRows(mask, length);
  scan[groupSumKernel(groups)](groups.byteOffset, column.values.byteOffset, mask, blocksOf(length), address, size);
  addLanes(sumOf, size, sums);
  return true;
}

/** Adds how many rows have each code to `counts`; false where the kernels cannot. */
export function countCodes(selection: ChosenRows, groups: Codes, size: number, counts: Float64Array): boolean {
  const done = selection.finished?.groupCounts(groups, size) ?? null;
  if (done !== null) {
    addLanes(done, size, counts);
    return true;
  }
  const length = groups.length;
  const kernels = codeKernels(selection, length, groups, size);
  if (kernels === null) return false;
  const { scan, mask, counts: address, countOf } = kernels;
  countOf.fill(0, 0, 4 * size);
  scan.maskRows(mask, length);
  scan[groupCountKernel(groups)](groups.byteOffset, mask, blocksOf(length), address, size);
  addLanes(countOf, size, counts);
  return true;
}

function addLanes(lanes: Float64Array | Uint32Array, size: number, to: Float64Array): void {
  for (let g = 0; g < size; g++) to[g] += lanes[g] + lanes[size + g] + (lanes[2 * size + g] + lanes[3 * size + g]);
}

/** The kernel that sums doubles by codes. */
export const groupSumKernel = (codes: Codes) =>
  codes instanceof Uint8Array ? "groupSumU8" : codes instanceof Uint16Array ? "groupSumU16" : "groupSumU32";

/** The kernel that counts codes. */
export const groupCountKernel = (codes: Codes) =>
  codes instanceof Uint8Array ? "groupCountU8" : codes instanceof Uint16Array ? "groupCountU16" : "groupCountU32";

/** Where the groups of all rows of a chunk are the codes of a column of an arena, and few enough. */
function codeKernels(selection: ChosenRows, length: number, groups: Codes, size: number): ArenaKernels | null {
  if (size > MAX_GROUPS || selection.kernels !== undefined || selection.rows !== null || selection.count !== length) return null;
  // Read to the end of the last block, as a column in place can be.
  const end = groups.byteOffset + blocksOf(length) * 64 * groups.BYTES_PER_ELEMENT;
  return end > groups.buffer.byteLength ? null : kernelsOf(groups.buffer);
}

/** Sums of integers up to 64 bits, exact: adds to `low` the sum of their low 32 bits or, to 32 bits, of themselves, and to `high` that of what is above. */
export function sumIntegers(
  column: FixedColumn,
  selection: ChosenRows,
  length: number,
  low: Float64Array,
  high: Float64Array,
): boolean {
  const done = selection.finished?.sum(column) ?? null;
  if (done !== null) {
    const wide = column.values instanceof BigUint64Array || column.values instanceof BigInt64Array;
    low[0] += wide ? Number(done.low) : done.sum;
    if (wide) high[0] += Number(done.high);
    return true;
  }
  const kernels = maskedFor(column, selection, length);
  if (kernels === null) return false;
  const { scan, mask, result, bigints } = kernels;
  const { values } = column;
  const blocks = blocksOf(length);
  if (values instanceof BigUint64Array || values instanceof BigInt64Array) {
    (values instanceof BigUint64Array ? scan.sumU64 : scan.sumI64)(values.byteOffset, mask, blocks, result);
    low[0] += Number(bigints[0]);
    high[0] += Number(bigints[1]);
    return true;
  }
  const name = sumKernel(values) as NarrowSumName | null;
  if (name === null) return false;
  low[0] += scan[name](values.byteOffset, mask, blocks);
  return true;
}

/** The kernel that sums a column; null where there is none. */
export function sumKernel(values: FixedColumn["values"]): SumName | null {
  if (values instanceof Float64Array) return "sumF64";
  if (values instanceof BigUint64Array) return "sumU64";
  if (values instanceof BigInt64Array) return "sumI64";
  if (values instanceof Uint8Array) return "sumU8";
  if (values instanceof Int8Array) return "sumI8";
  if (values instanceof Uint16Array) return "sumU16";
  if (values instanceof Int16Array) return "sumI16";
  if (values instanceof Uint32Array) return "sumU32";
  return values instanceof Int32Array ? "sumI32" : null;
}

/** Least and greatest of the chosen doubles that are numbers, and how many are NaN; null where the kernels cannot tell. */
export function extremeDoubles(
  column: FixedColumn,
  selection: ChosenRows,
  length: number,
): { readonly least: number; readonly greatest: number; readonly nans: number } | null {
  if (!(column instanceof FixedColumn) || !(column.values instanceof Float64Array)) return null;
  const kernels = maskedFor(column, selection, length);
  if (kernels === null) return null;
  const nans = kernels.scan.extremesF64(column.values.byteOffset, kernels.mask, blocksOf(length), kernels.result);
  // Which zero a lane met first says nothing: + 0 makes 0 of -0.
  return { least: kernels.doubles[0] + 0, greatest: kernels.doubles[1] + 0, nans };
}
