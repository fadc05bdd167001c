import type { Chunk } from "../../soa/chunk.ts";
import { type ColumnTest, kernelsForTests, maskChunk } from "../wasm/chunk-mask.ts";
import type { ScanTask } from "../workers/scan-job.ts";
import { helpers, type ScanShare, scanTask, shareScan, type Wanted } from "../workers/scan-share.ts";
import type { Batch } from "./batch.ts";
import { type Filter, keepBits } from "./filter.ts";
import { IndexedFilter, narrowByIndex } from "./indexed-filter.ts";
import { RowBuffer } from "./row-buffer.ts";
import type { Selection } from "./selection.ts";

/** Called with the rows of a batch that meet every condition; the selection is valid until it returns. True ends the scan. */
export type Visit = (batch: Batch, selection: Selection, index: number) => boolean | undefined;

/** The buffer of the last scan, for the next: fresh memory costs more than the rows written to it. */
let spare: RowBuffer | null = null;

/** Nothing that kernels can make of the rows but find them. */
export const ROWS_ALONE: Wanted = { rows: true, sums: [], groups: null };

/** How many rows there are, and not which. */
export const COUNT_ALONE: Wanted = { rows: false, sums: [], groups: null };

/**
 * The rows of some batches that are there and meet all conditions, batch by batch. Batches that no row of which can are
 * skipped. `wanted`: what `visit` will make of the rows, which other threads that take part can make before; null where the
 * scan is likely to end early, and no thread shall run ahead of it.
 */
export function scan(
  batches: readonly Batch[],
  filters: readonly Filter[],
  visit: Visit,
  wanted: Wanted | null = ROWS_ALONE,
): void {
  // A scan within a scan finds none.
  const buffer = spare ?? new RowBuffer();
  spare = null;
  const share = wanted === null ? null : shareWith(batches, filters, wanted);
  try {
    for (let index = 0; index < batches.length; index++) {
      const batch = batches[index];
      const open = openFilters(batch, filters);
      if (open === null) continue;
      buffer.start(batch.length);
      const rest =
        narrowByIndex(batch, open, buffer) ??
        (share?.take(index, buffer) === true ? untested(open) : narrowByMask(batch, open, buffer));
      for (let i = 0; i < rest.length && buffer.count > 0; i++) rest[i].narrow(batch, buffer);
      if (buffer.count > 0 && visit(batch, buffer.selection, index) === true) break;
    }
  } finally {
    share?.end();
  }
  buffer.start(0);
  spare = buffer.keepable ? buffer : null;
}

/** What kernels of a shared arena can do of a scan, given to other threads where they are allowed and that is worth it. */
function shareWith(batches: readonly Batch[], filters: readonly Filter[], wanted: Wanted): ScanShare | null {
  const workers = workersFor(batches);
  return workers === 0 ? null : shareScan(scanTasks(batches, filters, wanted), workers);
}

/** How many other threads take part in a scan, for `explain`. */
export function helpersOf(batches: readonly Batch[], filters: readonly Filter[], wanted: Wanted | null): number {
  const workers = workersFor(batches);
  return workers === 0 || wanted === null ? 0 : helpers(scanTasks(batches, filters, wanted), workers);
}

const workersFor = (batches: readonly Batch[]): number => (batches.length > 1 ? (batches[0].workers ?? 0) : 0);

/** The part of a scan that other threads can do, chunk by chunk. */
function scanTasks(batches: readonly Batch[], filters: readonly Filter[], wanted: Wanted): ScanTask[] {
  const tasks: ScanTask[] = [];
  for (let index = 0; index < batches.length; index++) {
    const { chunk } = batches[index];
    const open = chunk === null ? null : openFilters(batches[index], filters);
    if (chunk === null || open === null || isSparse(chunk)) continue;
    if (open.some((filter) => filter instanceof IndexedFilter)) continue;
    const tests = testsOf(open);
    const task = scanTask(index, chunk, tests, tests.length === open.length, wanted);
    if (task !== null) tasks.push(task);
  }
  return tasks;
}

// Asked of every chunk: what these make is most of what a query allocates.
function testsOf(open: readonly Filter[]): ColumnTest[] {
  const tests: ColumnTest[] = [];
  for (let i = 0; i < open.length; i++) {
    const { test } = open[i];
    if (test !== null) tests.push(test);
  }
  return tests;
}

const untested = (open: readonly Filter[]): Filter[] => open.filter(({ test }) => test === null);

/**
 * Deleted rows first, and with them what the kernels of a shared arena can do: all such conditions at once, in a bitmask.
 * @returns the conditions that are left
 */
function narrowByMask(batch: Batch, open: readonly Filter[], buffer: RowBuffer): readonly Filter[] {
  const { chunk } = batch;
  if (chunk === null) return open;
  const tests = testsOf(open);
  const kernels = tests.length === 0 || isSparse(chunk) ? null : kernelsForTests(chunk, tests);
  if (kernels === null) {
    if (chunk.deadCount > 0) keepBits(chunk.dead, 1, buffer);
    return open;
  }
  maskChunk(kernels, chunk, tests);
  buffer.masked(kernels);
  return untested(open);
}

/** The conditions that remain to be looked at for a batch; null where one holds for no row. */
export function openFilters(batch: Batch, filters: readonly Filter[]): readonly Filter[] | null {
  const { chunk } = batch;
  if (batch.length === 0) return null;
  if (chunk === null) return filters;
  if (chunk.deadCount === chunk.length) return null;
  if (isSparse(chunk)) return filters;
  // As long as none is settled, they are the filters themselves.
  let open: Filter[] | null = null;
  for (let i = 0; i < filters.length; i++) {
    const outlook = filters[i].outlook(chunk);
    if (outlook === "none") return null;
    if (outlook === "all") open ??= filters.slice(0, i);
    else open?.push(filters[i]);
  }
  return open ?? filters;
}

/** So little of a chunk is alive that its rows are looked at one by one: a look at whole columns would cost more. */
const isSparse = (chunk: Chunk): boolean => (chunk.length - chunk.deadCount) * 64 < chunk.length;

/** How many rows meet all conditions. */
export function countRows(batches: readonly Batch[], filters: readonly Filter[]): number {
  let rows = 0;
  const rest = batches.filter((batch) => {
    const open = openFilters(batch, filters);
    if (open === null) return false;
    const { chunk } = batch;
    const dead = chunk?.deadCount ?? 0;
    const count = open.length === 0 ? batch.length - dead : open.length === 1 && dead === 0 ? countOne(batch, open[0]) : null;
    if (count === null) return true;
    rows += count;
    return false;
  });
  const visit: Visit = (_, { count }) => {
    rows += count;
    return false;
  };
  scan(rest, filters, visit, COUNT_ALONE);
  return rows;
}

/** How many of all rows meet a condition, where that is known quicker than by a scan. */
function countOne(batch: Batch, filter: Filter): number | null {
  const found = filter instanceof IndexedFilter ? filter.countFound(batch) : null;
  return found ?? (hasKernels(batch, [filter]) ? null : filter.count(batch));
}

/** Whether all that is left to look at is for the kernels of a shared arena. */
function hasKernels({ chunk }: Batch, open: readonly Filter[]): boolean {
  const tests = testsOf(open);
  return chunk !== null && tests.length === open.length && kernelsForTests(chunk, tests) !== null;
}
