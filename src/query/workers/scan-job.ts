import type { FixedColumn } from "../../columns/fixed-column.ts";
import type { Chunk } from "../../soa/chunk.ts";
import { MASK_BYTES, RESULT, SUMS } from "../wasm/arena-kernels.ts";
import { blocksOf, type ColumnTest, type MaskKernels, maskChunk } from "../wasm/chunk-mask.ts";
import { type Codes, type Finished, groupCountKernel, groupSumKernel, sumKernel } from "../wasm/chunk-sums.ts";
import { type KernelName, SIGNATURES, TASK, WORD } from "./job-layout.ts";

/** A chunk to be scanned: the rows that pass all tests, and what is to be made of them. */
export interface ScanTask {
  /** Which of the batches of the scan it is. */
  readonly index: number;
  readonly chunk: Chunk;
  readonly tests: readonly ColumnTest[];
  /** Whether the rows found are needed as a bitmask, and not only their number. */
  readonly mask: boolean;
  /** Columns to be summed over the rows; where there are groups, doubles by group. */
  readonly sums: readonly FixedColumn[];
  /** Groups of rows to be counted, by a column of codes below `size`; only where all rows of the chunk are there and pass. */
  readonly groups: { readonly codes: FixedColumn<Uint8Array>; readonly size: number } | null;
}

/** Where the results of a task lie, in words of 64 bits. Of all but the count and the mask there may be none. */
interface Results {
  readonly count: number;
  readonly sums: number;
  readonly groupCounts: number;
  readonly groupSums: number;
  readonly mask: number;
  /** Bitmaps that the program reads. */
  readonly bitmaps: number;
  readonly program: number;
}

/** Words of a sum: the low and the high part of a wide one. */
const SUM_WORDS = 2;
const MASK_WORDS = MASK_BYTES / 8;
/** Words of the counts of a group, and of its sums, in four lanes. */
const GROUP_COUNT_WORDS = 2;
const GROUP_SUM_WORDS = 4;

/** Words that programs need at most, generously. */
const WORDS_PER_TEST = 48;
const WORDS_PER_RANGE = 16;
const WORDS_PER_SUM = 32;
const WORDS_PER_TASK = 64;

const groupsOf = ({ groups }: ScanTask): number => groups?.size ?? 0;

function layOut(task: ScanTask, at: number): Results {
  const count = at;
  const sums = count + 1;
  const groupCounts = sums + task.sums.length * SUM_WORDS;
  const groupSums = groupCounts + groupsOf(task) * GROUP_COUNT_WORDS;
  const mask = groupSums + groupsOf(task) * GROUP_SUM_WORDS * task.sums.length;
  const bitmaps = mask + (task.mask ? MASK_WORDS : 0);
  return { count, sums, groupCounts, groupSums, mask, bitmaps, program: bitmaps + bitmapCount(task) * MASK_WORDS };
}

function bitmapCount({ chunk, tests }: ScanTask): number {
  const validities = tests.filter(({ field }) => chunk.columns[field]?.validity !== null).length;
  return validities + (chunk.deadCount > 0 ? 1 : 0);
}

/** Bytes that a job of these tasks needs at most. */
export function jobBytes(tasks: readonly ScanTask[]): number {
  let words = Math.ceil((TASK.first + tasks.length * TASK.words) / 2);
  for (const task of tasks) {
    words = layOut(task, words).program + WORDS_PER_TASK + task.sums.length * WORDS_PER_SUM;
    for (const { ranges } of task.tests) words += WORDS_PER_TEST + ranges.length * WORDS_PER_RANGE;
  }
  return words * 8;
}

const functions = new Map<string, { readonly index: number; readonly kinds: string }>(
  SIGNATURES.map(([name, kinds], index) => [name, { index, kinds }]),
);

/**
 * Tasks in shared memory: the state of each, a program of kernel calls, the bitmaps that the program reads, and room for
 * its results. Writes a program by letting the code that makes masks call kernels that note down what they are asked.
 */
export class ScanJob implements MaskKernels {
  readonly buffer: SharedArrayBuffer;
  readonly states: Int32Array;
  readonly #words: Float64Array;
  readonly #bigints: BigInt64Array;
  readonly #bytes: Uint8Array;
  #results: readonly Results[] = [];
  #tasks: readonly ScanTask[] = [];
  /** The next free word. */
  #at = 0;
  /** Where the bitmaps of the task being written go next, in words. */
  #bitmaps = 0;

  // Addresses in the scratch memory of whichever worker it will be.
  readonly mask = 0;
  readonly second = MASK_BYTES;
  readonly third = 2 * MASK_BYTES;
  readonly scan: MaskKernels["scan"];

  constructor(bytes: number) {
    this.buffer = new SharedArrayBuffer(8 * Math.ceil(bytes / 8));
    this.states = new Int32Array(this.buffer);
    this.#words = new Float64Array(this.buffer);
    this.#bigints = new BigInt64Array(this.buffer);
    this.#bytes = new Uint8Array(this.buffer);
    const scan: Partial<Record<KernelName, (...args: (number | bigint)[]) => void>> = {};
    for (const [name] of SIGNATURES) scan[name] = (...args) => this.#call(name, 0, args);
    this.scan = scan as unknown as MaskKernels["scan"];
  }

  /** Writes all tasks down. `arenaOf` gives the number under which workers know the arena of a task. No worker may be at it. */
  write(tasks: readonly ScanTask[], arenaOf: (task: ScanTask) => number): void {
    const { states } = this;
    this.#at = Math.ceil((TASK.first + tasks.length * TASK.words) / 2);
    this.#tasks = tasks;
    this.#results = tasks.map((task, t) => {
      const results = layOut(task, this.#at);
      this.#at = results.program;
      this.#bitmaps = results.bitmaps;
      const word = TASK.first + t * TASK.words;
      states[word] = TASK.open;
      states[word + TASK.program] = results.program;
      states[word + TASK.arena] = arenaOf(task);
      this.#program(task, results);
      this.#put(WORD.end);
      return results;
    });
    // Workers see what was written before this.
    Atomics.store(states, TASK.left, tasks.length);
  }

  load(bitmap: Uint8Array, rows: number, mask: number): void {
    const length = (rows + 7) >>> 3;
    const at = this.#bitmaps * 8;
    this.#bytes.set(bitmap.subarray(0, length), at);
    this.#bitmaps += MASK_WORDS;
    this.#put(WORD.load, at, length, mask);
  }

  copy(from: number, to: number, blocks: number): void {
    this.#put(WORD.copy, from, blocks * 8, to);
  }

  /** How many rows a finished task found. */
  count(t: number): number {
    return this.#words[this.#result(t).count] as number;
  }

  /** The mask of a finished task that is to give it. */
  maskOf(t: number): Uint8Array {
    const at = this.#result(t).mask * 8;
    return this.#bytes.subarray(at, at + blocksOf(this.#task(t).chunk.length) * 8);
  }

  /** What a finished task made of its rows. Reads this memory: valid until the next job is written. */
  finished(t: number): Finished {
    const { sums, groups } = this.#task(t);
    const results = this.#result(t);
    const isOf = (codes: Codes, size: number): boolean =>
      groups !== null &&
      groups.size === size &&
      groups.codes.values.byteOffset === codes.byteOffset &&
      groups.codes.values.buffer === codes.buffer;
    return {
      sum: (column) => {
        const s = groups === null ? sums.indexOf(column) : -1;
        if (s < 0) return null;
        const at = results.sums + s * SUM_WORDS;
        return { sum: this.#words[at] as number, low: this.#bigints[at] as bigint, high: this.#bigints[at + 1] as bigint };
      },
      groupSums: (column, codes, size) => {
        const s = isOf(codes, size) ? sums.indexOf(column) : -1;
        const at = results.groupSums + s * size * GROUP_SUM_WORDS;
        return s < 0 ? null : this.#words.subarray(at, at + size * GROUP_SUM_WORDS);
      },
      groupCounts: (codes, size) =>
        isOf(codes, size) ? new Uint32Array(this.buffer, results.groupCounts * 8, size * GROUP_COUNT_WORDS * 2) : null,
    };
  }

  #program(task: ScanTask, results: Results): void {
    const { chunk, tests, mask, sums, groups } = task;
    const blocks = blocksOf(chunk.length);
    maskChunk(this, chunk, tests);
    if (groups !== null) {
      this.#groups(groups.codes.values, groups.size, sums, blocks, results);
      return;
    }
    this.#call("count", results.count, [this.mask, blocks]);
    sums.forEach((column, s) => {
      this.#sum(column, blocks, results.sums + s * SUM_WORDS);
    });
    if (mask) this.#put(WORD.save, this.mask, blocks * 8, results.mask * 8);
  }

  #sum(column: FixedColumn, blocks: number, out: number): void {
    const { values } = column;
    const name = sumKernel(values) as KernelName;
    if (values instanceof BigUint64Array || values instanceof BigInt64Array) {
      this.#call(name, 0, [values.byteOffset, this.mask, blocks, RESULT]);
      this.#put(WORD.save, RESULT, 16, out * 8);
    } else this.#call(name, out, [values.byteOffset, this.mask, blocks]);
  }

  #groups(codes: Uint8Array, size: number, sums: readonly FixedColumn[], blocks: number, results: Results): void {
    const countBytes = size * GROUP_COUNT_WORDS * 8;
    this.#put(WORD.clear, SUMS, countBytes);
    this.#call(groupCountKernel(codes) as KernelName, 0, [codes.byteOffset, this.mask, blocks, SUMS, size]);
    this.#put(WORD.save, SUMS, countBytes, results.groupCounts * 8);
    const bytes = size * GROUP_SUM_WORDS * 8;
    sums.forEach(({ values }, s) => {
      this.#put(WORD.clear, SUMS, bytes);
      const args = [codes.byteOffset, values.byteOffset, this.mask, blocks, SUMS, size];
      this.#call(groupSumKernel(codes) as KernelName, 0, args);
      this.#put(WORD.save, SUMS, bytes, results.groupSums * 8 + s * bytes);
    });
  }

  #task(t: number): ScanTask {
    return this.#tasks[t] as ScanTask;
  }

  #result(t: number): Results {
    return this.#results[t] as Results;
  }

  #call(name: KernelName, out: number, args: readonly (number | bigint)[]): void {
    const { index, kinds } = functions.get(name) as { index: number; kinds: string };
    this.#put(WORD.call, index, out);
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] === "i") this.#bigints[this.#at++] = args[i] as bigint;
      else this.#words[this.#at++] = args[i] as number;
    }
  }

  #put(...words: number[]): void {
    for (const word of words) this.#words[this.#at++] = word;
  }
}
