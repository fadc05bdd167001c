import { memoryOf, SCRATCH_BYTES } from "../../columns/shared-allocator.ts";
import { bytesFromBase64 } from "../../entity/values/base64.ts";
import { CHUNK_ROWS } from "../../soa/chunk.ts";
import { WASM_BASE64 } from "./module.ts";

type Range<V> = (column: number, blocks: number, low: V, high: V, invert: bigint, mode: number, mask: number) => void;
type MaskedSum = (column: number, mask: number, blocks: number) => number;
type WideSum = (column: number, mask: number, blocks: number, out: number) => void;
type GroupSum = (codes: number, column: number, mask: number, blocks: number, sums: number, groups: number) => void;
type GroupCount = (codes: number, mask: number, blocks: number, counts: number, groups: number) => void;

/** What assembly/scan.ts exports; addresses are bytes from the start of the memory, blocks are 64 rows. */
export interface ScanExports {
  readonly rangeU8: Range<number>;
  readonly rangeI8: Range<number>;
  readonly rangeU16: Range<number>;
  readonly rangeI16: Range<number>;
  readonly rangeU32: Range<number>;
  readonly rangeI32: Range<number>;
  readonly rangeU64: Range<bigint>;
  readonly rangeI64: Range<bigint>;
  readonly rangeF32: Range<number>;
  readonly rangeF64: Range<number>;
  maskAnd(mask: number, other: number, blocks: number): void;
  maskOr(mask: number, other: number, blocks: number): void;
  maskAndNot(mask: number, other: number, blocks: number): void;
  maskRows(mask: number, rows: number): void;
  count(mask: number, blocks: number): number;
  rows(mask: number, blocks: number, out: number, first: number): number;
  readonly sumU8: MaskedSum;
  readonly sumI8: MaskedSum;
  readonly sumU16: MaskedSum;
  readonly sumI16: MaskedSum;
  readonly sumU32: MaskedSum;
  readonly sumI32: MaskedSum;
  readonly sumF64: MaskedSum;
  readonly sumAllF64: (column: number, mask: number, rows: number) => number;
  readonly sumU64: WideSum;
  readonly sumI64: WideSum;
  extremesF64(column: number, mask: number, blocks: number, out: number): number;
  readonly groupSumU8: GroupSum;
  readonly groupSumU16: GroupSum;
  readonly groupSumU32: GroupSum;
  readonly groupCountU8: GroupCount;
  readonly groupCountU16: GroupCount;
  readonly groupCountU32: GroupCount;
}

/** Bytes of a mask of a whole chunk. */
export const MASK_BYTES = CHUNK_ROWS / 8;

/** Groups that the scratch memory has accumulators for. */
export const MAX_GROUPS = 1024;

// The scratch memory of an arena: three masks, accumulators, row numbers.
const SECOND = MASK_BYTES;
const THIRD = 2 * MASK_BYTES;
export const RESULT = 3 * MASK_BYTES;
export const SUMS = RESULT + 64;
const COUNTS = SUMS + MAX_GROUPS * 4 * 8;
const ROWS = COUNTS + MAX_GROUPS * 4 * 4;

/** Groups that each worker thread has accumulators for. */
export const WORKER_GROUPS = 256;
/** Behind that each worker thread has scratch memory of its own: three masks, a result, accumulators. */
const WORKERS = ROWS + CHUNK_ROWS * 4;
export const WORKER_BYTES = SUMS + WORKER_GROUPS * 4 * 8;
/** Worker threads that there is scratch memory for. */
export const MAX_WORKERS = Math.min(16, Math.floor((SCRATCH_BYTES - WORKERS) / WORKER_BYTES));

/** Where the scratch memory of a worker thread begins in every arena. */
export const workerScratch = (worker: number): number => WORKERS + worker * WORKER_BYTES;

/** The kernels over one arena, and the scratch memory they work in. What is there is overwritten by the next chunk. */
export class ArenaKernels {
  readonly scan: ScanExports;
  /** Addresses in scratch memory. */
  readonly mask = 0;
  readonly second = SECOND;
  readonly third = THIRD;
  readonly result = RESULT;
  readonly sums = SUMS;
  readonly counts = COUNTS;
  readonly rows = ROWS;
  readonly bytes: Uint8Array;
  readonly rowNumbers: Uint32Array;
  readonly doubles: Float64Array;
  readonly bigints: BigInt64Array;
  readonly sumOf: Float64Array;
  readonly countOf: Uint32Array;

  constructor(memory: WebAssembly.Memory, module: WebAssembly.Module) {
    this.scan = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as ScanExports;
    const { buffer } = memory;
    this.bytes = new Uint8Array(buffer, 0, RESULT);
    this.doubles = new Float64Array(buffer, RESULT, 8);
    this.bigints = new BigInt64Array(buffer, RESULT, 8);
    this.sumOf = new Float64Array(buffer, SUMS, MAX_GROUPS * 4);
    this.countOf = new Uint32Array(buffer, COUNTS, MAX_GROUPS * 4);
    this.rowNumbers = new Uint32Array(buffer, ROWS, CHUNK_ROWS);
  }

  /** Puts a bitmap of `rows` bits where a mask is expected; the rest of the last block stays as it was. */
  load(bitmap: Uint8Array, rows: number, mask: number): void {
    const bytes = (rows + 7) >>> 3;
    this.bytes.set(bitmap.subarray(0, bytes), mask);
    // The bitmap of deleted rows may be shorter than a chunk that grew since: no row behind its end was deleted.
    if (bitmap.length < bytes) this.bytes.fill(0, mask + bitmap.length, mask + bytes);
  }

  /** Copies a mask over another. */
  copy(from: number, to: number, blocks: number): void {
    this.bytes.copyWithin(to, from, from + blocks * 8);
  }
}

const kernels = new WeakMap<WebAssembly.Memory, ArenaKernels>();

/** `undefined` before the first use, `null` where WebAssembly with SIMD and threads is not to be had. */
let compiled: WebAssembly.Module | null | undefined;
let enabled = true;

/** For tests and comparisons: without them the kernels in JavaScript do everything. @internal */
export function setArenaKernels(on: boolean): void {
  enabled = on;
}

/** The kernels over the arena that a buffer lies in; null for other buffers, and where the platform cannot run them. */
export function kernelsOf(buffer: ArrayBufferLike): ArenaKernels | null {
  const memory = memoryOf(buffer);
  if (memory === undefined || !enabled) return null;
  const module = kernelModule();
  if (module === null) return null;
  let found = kernels.get(memory);
  if (found === undefined) {
    found = new ArenaKernels(memory, module);
    kernels.set(memory, found);
  }
  return found;
}

/** The module itself, for other threads. */
export function kernelModule(): WebAssembly.Module | null {
  if (compiled === undefined) compiled = compileModule();
  return compiled;
}

/** Compiles at once: the module is small. A platform without SIMD, or whose CSP forbids WebAssembly, refuses. */
function compileModule(): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(bytesFromBase64(WASM_BASE64) as Uint8Array<ArrayBuffer>);
  } catch {
    return null;
  }
}
