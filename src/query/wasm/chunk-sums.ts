import { FixedColumn } from "../../columns/fixed-column.ts";
import { type ArenaKernels, kernelsOf, MAX_GROUPS } from "./arena-kernels.ts";
import { blocksOf, kernelsFor } from "./chunk-mask.ts";

/** The chosen rows of a chunk: those of the mask of `kernels`, or without it the first `count`, if `rows` is null. */
interface ChosenRows {
  readonly rows: Uint32Array | null;
  readonly count: number;
  readonly kernels?: ArenaKernels;
}

type Codes = Uint8Array | Uint16Array | Uint32Array;

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
  const kernels = codeKernels(selection, length, groups, size);
  if (kernels === null || kernels !== kernelsFor(column, length)) return false;
  const { scan, mask, sums: address, sumOf } = kernels;
  sumOf.fill(0, 0, 4 * size);
  const sum =
    groups instanceof Uint8Array ? scan.groupSumU8 : groups instanceof Uint16Array ? scan.groupSumU16 : scan.groupSumU32;
  scan.maskRows(mask, length);
  sum(groups.byteOffset, column.values.byteOffset, mask, blocksOf(length), address, size);
  for (let g = 0; g < size; g++) sums[g] += sumOf[g] + sumOf[size + g] + (sumOf[2 * size + g] + sumOf[3 * size + g]);
  return true;
}

/** Adds how many rows have each code to `counts`; false where the kernels cannot. */
export function countCodes(selection: ChosenRows, groups: Codes, size: number, counts: Float64Array): boolean {
  const length = groups.length;
  const kernels = codeKernels(selection, length, groups, size);
  if (kernels === null) return false;
  const { scan, mask, counts: address, countOf } = kernels;
  countOf.fill(0, 0, 4 * size);
  const count =
    groups instanceof Uint8Array ? scan.groupCountU8 : groups instanceof Uint16Array ? scan.groupCountU16 : scan.groupCountU32;
  scan.maskRows(mask, length);
  count(groups.byteOffset, mask, blocksOf(length), address, size);
  for (let g = 0; g < size; g++) counts[g] += countOf[g] + countOf[size + g] + countOf[2 * size + g] + countOf[3 * size + g];
  return true;
}

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
  const sum = narrowSum(kernels, values);
  if (sum === null) return false;
  low[0] += sum(values.byteOffset, mask, blocks);
  return true;
}

function narrowSum({ scan }: ArenaKernels, values: FixedColumn["values"]) {
  if (values instanceof Uint8Array) return scan.sumU8;
  if (values instanceof Int8Array) return scan.sumI8;
  if (values instanceof Uint16Array) return scan.sumU16;
  if (values instanceof Int16Array) return scan.sumI16;
  if (values instanceof Uint32Array) return scan.sumU32;
  return values instanceof Int32Array ? scan.sumI32 : null;
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
