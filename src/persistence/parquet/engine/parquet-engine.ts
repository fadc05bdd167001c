import { CorruptDataError, IoError } from "../../../errors.ts";
import { eventLoopTurn, Slices } from "../../event-loop.ts";
import { loadCodec } from "../codecs/load-codec.ts";
import type { FileSchema } from "../format/file-schema.ts";
import type { DecodedColumn } from "../read/decode-chunk.ts";
import type { ChunkTask, RowGroupReader } from "../read/row-group-reader.ts";
import { type EncodedChunk, encodeColumnChunk } from "../write/column-chunk.ts";
import { gatherColumn } from "../write/column-values.ts";
import type { WriteSettings } from "../write/options.ts";
import { type EncodedRowGroup, joinChunks } from "../write/row-group.ts";
import type { RowGroupRows } from "../write/row-runs.ts";
import { callOff, claimsOf } from "./claims.ts";
import { type DecodedChunks, type DecodeJob, runDecodeJob, Stumble } from "./decode-job.ts";
import { columnBytes, packEncodeJob } from "./encode-job.ts";
import { sharesMemory } from "./platform.ts";
import { inSlices } from "./slices.ts";
import { Stop } from "./stop.ts";
import { type PoolOptions, WorkerPool } from "./worker-pool.ts";

export interface DecodeOptions {
  readonly signal?: AbortSignal | undefined;
  /** CRC-32 of the bytes of each task; they are held against it before they are decoded. */
  readonly checksums?: readonly number[] | undefined;
  /** Whether the columns are kept: they may then lie in shared memory. */
  readonly kept?: boolean | undefined;
}

export interface EncodeOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface EngineOptions extends PoolOptions {
  /** Work is given to workers where it is more than so many times what takes some milliseconds; 1 by default, 0 for any. */
  readonly worth?: number | undefined;
}

/** Decoded bytes of a row group from which on the work is worth a worker: some milliseconds. */
const WORTH_DECODING = 4 << 20;
/** The same of bytes to be encoded. */
const WORTH_ENCODING = 512 << 10;
/** Stored bytes of a row group from which on they are read into memory that is shared. */
const WORTH_SHARING = 256 << 10;
/** Decoded bytes of a column chunk, and compressions of it, that would hold up the event loop for too long. */
const MOST_HELPED = 8 << 20;
const TOO_SLOW_TO_HELP: ReadonlySet<string> = new Set(["gzip", "brotli"]);
/** Compressions that take several times as long. */
const SLOW: ReadonlySet<string> = new Set(["zstd", "gzip", "brotli"]);

/**
 * Encodes and decodes row groups without holding up the event loop: column by column, in worker threads where there is work
 * for some milliseconds, else here, letting the event loop have its turn in between. What is under way is bounded over all
 * callers; what waits holds nothing.
 */
export class ParquetEngine {
  readonly pool: WorkerPool;
  readonly #worth: number;
  /** What this thread helps with. */
  #helping: Promise<unknown> = Promise.resolve();

  constructor({ worth = 1, ...options }: EngineOptions = {}) {
    this.pool = new WorkerPool(options);
    this.#worth = worth;
  }

  /**
   * Decodes the columns of a row group, as {@link RowGroupReader.decode} does. Where the bytes lie in shared memory, this
   * thread and a worker decode them together.
   * @param bytes those of each task's range; an array that has its buffer for itself is taken over and empty afterwards,
   * shared memory must not change until it resolves, and after a failure not ever
   * @throws CorruptDataError, UnsupportedError, TypeConversionError; IoError when a worker ended; the signal's reason
   */
  async decode(
    reader: RowGroupReader,
    tasks: readonly ChunkTask[],
    bytes: readonly Uint8Array[],
    { signal, checksums, kept = false }: DecodeOptions = {},
  ): Promise<DecodedColumn[]> {
    signal?.throwIfAborted();
    const granted = reader.decodedBytes(tasks);
    const sizes = tasks.map((task) => decodedEstimate(task, granted));
    const elsewhere = this.pool.available && sum(sizes) >= WORTH_DECODING * this.#worth;
    const shared = elsewhere && bytes.every(({ buffer }) => !(buffer instanceof ArrayBuffer));
    const claims = claimsOf(granted, shared);
    const job: DecodeJob = {
      kind: "decode",
      tasks,
      bytes,
      checksums: checksums ?? null,
      claims,
      decodedBytes: granted,
      shared: shared && kept,
    };
    const helped = shared && tasks.every(({ codec }, i) => sizes[i] <= MOST_HELPED && !TOO_SLOW_TO_HELP.has(codec));
    return gathered(tasks.length, signal, (stop) => {
      stop.listen(() => callOff(claims));
      const here = async () => {
        const slices = new Slices();
        return runDecodeJob(job, () => slices.next()).catch(understood);
      };
      if (!elsewhere) return [inSlices(here, stop)];
      const there = this.pool.run({
        bytes: bytes.reduce((total, { length }, i) => total + length + sizes[i], 0),
        helped,
        stop,
        pack: () => packDecodeJob(job),
        here,
        failed: (message) => new CorruptDataError(message),
      });
      return helped ? [there, this.#help(job, stop)] : [there];
    });
  }

  /** Works on a job that workers have, too: column chunk by column chunk, one job after the other. */
  #help(job: DecodeJob, stop: Stop): Promise<DecodedChunks> {
    const between = async () => {
      await eventLoopTurn();
      stop.throwIfStopped();
    };
    const done = this.#helping.then(() => runDecodeJob(job, between).catch(understood));
    this.#helping = done.catch(() => {});
    return done;
  }

  /** Memory for bytes that `decode` takes where they lie; null where they must be handed over. */
  shareable(byteLength: number): Uint8Array | null {
    if (byteLength < WORTH_SHARING * this.#worth || !this.pool.available) return null;
    if (typeof SharedArrayBuffer === "undefined" || !sharesMemory()) return null;
    return new Uint8Array(new SharedArrayBuffer(byteLength));
  }

  /**
   * Encodes a row group, as `encodeRowGroup` does; each column chunk is one part. Columns in shared memory are read where
   * they lie, others are copied as workers get to them: none of them must change until it resolves.
   * @throws TypeConversionError, UnsupportedError; IoError when a worker ended; the signal's reason
   */
  async encode(
    file: FileSchema,
    rows: RowGroupRows,
    settings: WriteSettings,
    { signal }: EncodeOptions = {},
  ): Promise<EncodedRowGroup> {
    signal?.throwIfAborted();
    const { name } = file.schema;
    const { compression, compressionLevel: level, pageSize, encodings } = settings;
    const codec = await loadCodec(compression, { level });
    const sizes = file.columns.map((column) => columnBytes(column, rows));
    const worth = (WORTH_ENCODING / (SLOW.has(compression) ? 4 : 1)) * this.#worth;
    const elsewhere = this.pool.available && sum(sizes) >= worth;
    const chunks = await all(file.columns, signal, (column, i, stop): Promise<EncodedChunk> => {
      const here = async () =>
        encodeColumnChunk(column, gatherColumn(column, rows, name), codec, { pageSize, encoding: encodings[i] });
      if (!elsewhere) return inSlices(here, stop);
      return this.pool.run({
        bytes: 2 * sizes[i],
        stop,
        pack: () => packEncodeJob(column, rows, name, settings),
        here,
        failed: (message) => new IoError(`it could not be encoded: ${message}`),
      });
    });
    return joinChunks(chunks, rows.rows);
  }
}

/** Runs all; when one fails, or the signal is given, the others are called off. */
async function all<E, R>(
  elements: readonly E[],
  signal: AbortSignal | undefined,
  run: (element: E, index: number, stop: Stop) => Promise<R>,
): Promise<R[]> {
  const stop = new Stop();
  const abort = () => stop.stop(signal?.reason);
  if (signal?.aborted === true) abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.all(elements.map((element, i) => run(element, i, stop)));
  } catch (error) {
    stop.stop(error);
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/**
 * The columns of all parts of a row group, in order, as soon as they are all there: what the others are still about has
 * become idle then. When one part fails, or the signal is given, they are called off.
 */
async function gathered(
  count: number,
  signal: AbortSignal | undefined,
  begin: (stop: Stop) => readonly Promise<DecodedChunks>[],
): Promise<DecodedColumn[]> {
  const stop = new Stop();
  const abort = () => stop.stop(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await new Promise<DecodedColumn[]>((resolve, reject) => {
      const all = new Array<DecodedColumn>(count);
      let missing = count;
      // What is called off ends early, and not by an error of its own.
      stop.listen(reject);
      const take = ({ indices, columns }: DecodedChunks) => {
        indices.forEach((index, i) => {
          all[index] = columns[i];
        });
        missing -= indices.length;
        if (missing === 0) resolve(all);
      };
      for (const part of begin(stop)) part.then(take).catch(reject);
    });
  } finally {
    stop.stop(undefined);
    signal?.removeEventListener("abort", abort);
  }
}

/** Shared bytes stay where they are; an array that has its buffer for itself is given away, any other copied. */
function packDecodeJob(job: DecodeJob): { job: DecodeJob; transfer: ArrayBuffer[] } {
  const holders = new Map<ArrayBufferLike, number>();
  for (const { buffer } of job.bytes) holders.set(buffer, (holders.get(buffer) ?? 0) + 1);
  const bytes = job.bytes.map((each) => {
    const { buffer, byteLength } = each;
    const given = !(buffer instanceof ArrayBuffer) || (holders.get(buffer) === 1 && buffer.byteLength === byteLength);
    return given ? each : each.slice();
  });
  const transfer = bytes.flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : []));
  return { job: { ...job, bytes }, transfer };
}

/** Bytes that a column takes decoded, as far as the footer tells: at least what its rows take that repeat one value. */
const decodedEstimate = ({ metaData, rows }: ChunkTask, granted: number): number =>
  Math.min(granted, Math.max(metaData.totalUncompressedSize, rows * 8));

/** Whatever bytes make code stumble over is damage. */
function understood(error: unknown): never {
  throw error instanceof Stumble ? new CorruptDataError(error.message, { cause: error.cause }) : error;
}

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

let common: ParquetEngine | null = null;

/** The engine that all storages of this process share; with options, one of its own. It has nothing to be closed. */
export function parquetEngine(options?: EngineOptions): ParquetEngine {
  if (options !== undefined) return new ParquetEngine(options);
  common ??= new ParquetEngine();
  return common;
}
