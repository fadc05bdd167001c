import { CorruptDataError, FaunError, IoError, UnsupportedError } from "../../../errors.ts";
import { loadCodec } from "../codecs/load-codec.ts";
import type { FileSchema } from "../format/file-schema.ts";
import { type DecodedColumn, decodedSize } from "../read/decode-chunk.ts";
import type { ChunkTask, RowGroupReader } from "../read/row-group-reader.ts";
import { type EncodedChunk, encodeColumnChunk } from "../write/column-chunk.ts";
import { gatherColumn } from "../write/column-values.ts";
import type { WriteSettings } from "../write/options.ts";
import { type EncodedRowGroup, joinChunks } from "../write/row-group.ts";
import type { RowGroupRows } from "../write/row-runs.ts";
import { type DecodeJob, runDecodeJob } from "./decode-job.ts";
import { columnBytes, packEncodeJob } from "./encode-job.ts";
import { inSlices } from "./slices.ts";
import { Stop } from "./stop.ts";
import { type PoolOptions, WorkerPool } from "./worker-pool.ts";

export interface DecodeOptions {
  readonly signal?: AbortSignal | undefined;
  /** CRC-32 of the bytes of each task; they are held against it before they are decoded. */
  readonly checksums?: readonly number[] | undefined;
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
/** Compressions that take several times as long. */
const SLOW: ReadonlySet<string> = new Set(["zstd", "gzip", "brotli"]);

/**
 * Encodes and decodes row groups off the event loop: column by column, in worker threads where there is work for some
 * milliseconds, else here, letting the event loop have its turn in between. What is under way is bounded over all
 * callers; what waits holds nothing.
 */
export class ParquetEngine {
  readonly pool: WorkerPool;
  readonly #worth: number;

  constructor({ worth = 1, ...options }: EngineOptions = {}) {
    this.pool = new WorkerPool(options);
    this.#worth = worth;
  }

  /**
   * Decodes the columns of a row group, as {@link RowGroupReader.decode} does.
   * @param bytes those of each task's range; an array that has its buffer for itself is taken over and empty afterwards
   * @throws CorruptDataError, UnsupportedError, TypeConversionError; IoError when a worker ended; the signal's reason
   */
  async decode(
    reader: RowGroupReader,
    tasks: readonly ChunkTask[],
    bytes: readonly Uint8Array[],
    { signal, checksums }: DecodeOptions = {},
  ): Promise<DecodedColumn[]> {
    signal?.throwIfAborted();
    const granted = reader.decodedBytes(tasks);
    let left = granted;
    const jobOf = (i: number): DecodeJob => {
      return { kind: "decode", task: tasks[i], bytes: bytes[i], checksum: checksums?.[i] ?? null, decodedBytes: left };
    };
    const here = async (i: number) => {
      try {
        return await runDecodeJob(jobOf(i));
      } catch (error) {
        throw understood(error, tasks[i]);
      }
    };
    const sizes = tasks.map((task) => decodedEstimate(task, granted));
    const elsewhere = this.pool.available && sum(sizes) >= WORTH_DECODING * this.#worth;
    const holders = new Map<ArrayBufferLike, number>();
    for (const { buffer } of bytes) holders.set(buffer, (holders.get(buffer) ?? 0) + 1);
    return all(tasks, signal, async (task, i, stop) => {
      const decoded = elsewhere
        ? await this.pool.run({
            bytes: bytes[i].length + sizes[i],
            stop,
            pack: () => packDecodeJob(jobOf(i), holders.get(bytes[i].buffer) === 1),
            here: () => here(i),
            failed: (message) => new CorruptDataError(message),
          })
        : await inSlices(() => here(i), stop);
      left -= decodedSize(decoded);
      if (left < 0)
        throw new UnsupportedError(
          `${task.place}: the row group takes more bytes decoded than the limit decodedBytes, ${granted}`,
        );
      return decoded;
    });
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

function packDecodeJob(job: DecodeJob, alone: boolean): { job: DecodeJob; transfer: ArrayBuffer[] } {
  const { buffer, byteLength } = job.bytes;
  const whole = alone && buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  const bytes = whole || !(buffer instanceof ArrayBuffer) ? job.bytes : job.bytes.slice();
  return { job: { ...job, bytes }, transfer: bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [] };
}

/** Bytes that a column takes decoded, as far as the footer tells: at least what its rows take that repeat one value. */
const decodedEstimate = ({ metaData, rows }: ChunkTask, granted: number): number =>
  Math.min(granted, Math.max(metaData.totalUncompressedSize, rows * 8));

/** Whatever bytes make code stumble over is damage. */
function understood(error: unknown, { place }: ChunkTask): unknown {
  if (error instanceof FaunError) return error;
  return new CorruptDataError(`${place}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

let common: ParquetEngine | null = null;

/** The engine that all storages of this process share; with options, one of its own. It has nothing to be closed. */
export function parquetEngine(options?: EngineOptions): ParquetEngine {
  if (options !== undefined) return new ParquetEngine(options);
  common ??= new ParquetEngine();
  return common;
}
