import { FixedColumn } from "../../columns/fixed-column.ts";
import { memoryOf } from "../../columns/shared-allocator.ts";
import type { Chunk } from "../../soa/chunk.ts";
import type { RowBuffer } from "../engine/row-buffer.ts";
import { type ArenaKernels, kernelModule, WORKER_GROUPS } from "../wasm/arena-kernels.ts";
import { type ColumnTest, kernelsFor, kernelsForTests } from "../wasm/chunk-mask.ts";
import { sumKernel } from "../wasm/chunk-sums.ts";
import { hasThreads } from "./platform.ts";
import { jobBytes, type ScanTask } from "./scan-job.ts";
import { type PoolOptions, type RunningJob, WorkerPool } from "./worker-pool.ts";
import { WORKER_SCRIPT } from "./worker-script.ts";

/** What is made of the rows of a scan, as far as kernels can make it chunk by chunk. */
export interface Wanted {
  /** Whether the rows themselves are needed, and not only how many they are and what else is wanted here. */
  readonly rows: boolean;
  /** Fields to be summed over the rows that are found. */
  readonly sums: readonly number[];
  /** The field whose codes, of which there are `size`, are the groups of the rows: counts and sums are by group. */
  readonly groups: { readonly field: number; readonly size: number } | null;
}

export interface SharingOptions extends PoolOptions {
  /** Milliseconds of work below which no thread is asked. */
  readonly worthMs: number;
}

const DEFAULTS: SharingOptions = { idleMs: 30_000, patienceMs: 2, backOffMs: 50, worthMs: 0.3, script: WORKER_SCRIPT };

/** Waking threads and gathering what they bring costs their dispatch time; the work must be that many times as long. */
const DISPATCHES = 4;

/** Milliseconds that writing a task down and taking its results costs this thread, roughly. */
const TASK_MS = 0.005;

// Bytes of columns that kernels go through per millisecond, with values in the processor's cache or not: roughly.
const BYTES_PER_MS = 2e7;
const GROUPED_BYTES_PER_MS = 7e6;

let options = DEFAULTS;
let pool: WorkerPool | null = null;

/** For tests: with other options, and other threads. @internal */
export function setSharing(changes: Partial<SharingOptions>): void {
  pool?.terminate();
  pool = null;
  options = { ...DEFAULTS, ...changes };
}

/** The threads of this process that scan for others; null before any was needed. @internal */
export const workerPool = (): WorkerPool | null => pool;

function openPool(): WorkerPool | null {
  if (pool !== null) return pool;
  const module = hasThreads() ? kernelModule() : null;
  if (module !== null) pool = new WorkerPool(module, options);
  return pool;
}

/** Starts `count` threads and waits for them, at most `ms`. @returns whether they are there. For tests. @internal */
export const startWorkers = (count: number, ms: number): boolean => openPool()?.started(count, ms) ?? false;

/** The part of a chunk's scan that another thread can do; null where it is none. `isWhole`: it is all that is asked of the rows. */
export function scanTask(
  index: number,
  chunk: Chunk,
  tests: readonly ColumnTest[],
  isWhole: boolean,
  wanted: Wanted,
): ScanTask | null {
  const sums = wanted.sums.map((field) => chunk.columns[field] as FixedColumn);
  const codes = wanted.groups === null ? null : (chunk.columns[wanted.groups.field] as FixedColumn);
  const [first] = codes === null ? sums : [codes];
  const kernels = tests.length > 0 ? kernelsForTests(chunk, tests) : first === undefined ? null : kernelsFor(first, chunk.length);
  if (kernels === null) return null;
  const isSummed = (column: FixedColumn): boolean =>
    column.validity === null && kernelsFor(column, chunk.length) === kernels && sumKernel(column.values) !== null;
  if (tests.length > 0) {
    const summed = codes === null && isWhole ? sums.filter(isSummed) : [];
    const mask = wanted.rows || !isWhole || summed.length < sums.length;
    return { index, chunk, tests, mask, sums: summed, groups: null };
  }
  // Without tests the rows are all, or else listed: what is made of them is all that there is to do.
  if (chunk.deadCount > 0 || !isWhole) return null;
  if (wanted.groups === null) {
    const summed = sums.filter(isSummed);
    return summed.length === 0 ? null : { index, chunk, tests, mask: false, sums: summed, groups: null };
  }
  if (!isGrouping(codes, wanted.groups.size)) return null;
  const summed = sums.filter((column) => isSummed(column) && column.values instanceof Float64Array);
  return { index, chunk, tests, mask: false, sums: summed, groups: { codes, size: wanted.groups.size } };
}

/** Codes of one byte cannot lead out of the accumulators, whatever they are: a late worker may find others than it was called for. */
const isGrouping = (codes: FixedColumn | null, size: number): codes is FixedColumn<Uint8Array> =>
  codes instanceof FixedColumn && codes.values instanceof Uint8Array && codes.validity === null && size <= WORKER_GROUPS;

/** Milliseconds that tasks are expected to take on one thread. */
export function estimatedMs(tasks: readonly ScanTask[]): number {
  let ms = 0;
  for (const task of tasks) ms += taskMs(task);
  return ms;
}

function taskMs({ chunk, tests, sums, groups }: ScanTask): number {
  let width = 0;
  for (const { field, ranges } of tests)
    width += (chunk.columns[field] as FixedColumn).values.BYTES_PER_ELEMENT * Math.max(1, ranges.length);
  for (const { values } of sums) width += values.BYTES_PER_ELEMENT;
  if (groups !== null) width += 1;
  return (width * chunk.length) / (groups === null ? BYTES_PER_MS : GROUPED_BYTES_PER_MS);
}

/** Up to how many threads are asked to take part in these tasks, as far as is known before they are there. */
export function helpers(tasks: readonly ScanTask[], limit: number): number {
  const gain = options.worthMs > 0 ? estimatedMs(tasks) - tasks.length * TASK_MS : 0;
  const isWorthIt = tasks.length > 1 && gain >= options.worthMs && hasThreads() && pool?.isBroken !== true;
  return isWorthIt ? Math.min(limit, tasks.length - 1) : 0;
}

/** Gives tasks to up to `limit` threads where that is worth it and they are awake; else null, and they may be the next time. */
export function shareScan(tasks: readonly ScanTask[], limit: number): ScanShare | null {
  const asked = helpers(tasks, limit);
  const threads = asked === 0 ? null : openPool();
  const workers = threads?.idle(asked) ?? [];
  if (threads === null || workers.length === 0) return null;
  if (options.worthMs > 0 && estimatedMs(tasks) < DISPATCHES * threads.dispatchMs(workers)) return null;
  return new ScanShare(tasks, threads.begin(tasks, jobBytes(tasks), workers, arenaOf));
}

function arenaOf({ chunk, tests, sums, groups }: ScanTask): WebAssembly.Memory {
  const [test] = tests;
  const column = test !== undefined ? (chunk.columns[test.field] as FixedColumn) : (groups?.codes ?? sums[0]);
  return memoryOf((column as FixedColumn).values.buffer) as WebAssembly.Memory;
}

/** A scan that other threads take part in. Who began it takes the results in the order of the batches, and must end it. */
export class ScanShare {
  readonly #running: RunningJob;
  readonly #tasks: readonly ScanTask[];
  #next = 0;

  constructor(tasks: readonly ScanTask[], running: RunningJob) {
    this.#tasks = tasks;
    this.#running = running;
  }

  /**
   * Puts what another thread found in a batch into `buffer`: the rows that pass its tests, and what it made of them. False
   * where the batch is to be scanned here. Batches are asked for in ascending order.
   */
  take(index: number, buffer: RowBuffer): boolean {
    while (this.#next < this.#tasks.length && (this.#tasks[this.#next] as ScanTask).index < index) this.#next++;
    const t = this.#next;
    const task = this.#tasks[t];
    if (task?.index !== index || !this.#running.take(t)) return false;
    const { job } = this.#running;
    const { chunk, tests, mask } = task;
    if (mask) {
      const kernels = kernelsForTests(chunk, tests) as ArenaKernels;
      kernels.bytes.set(job.maskOf(t), kernels.mask);
      buffer.masked(kernels, job.count(t));
    }
    if (tests.length > 0 && !mask) buffer.counted(job.count(t));
    buffer.finished(job.finished(t));
    return true;
  }

  end(): void {
    this.#running.end();
  }
}
