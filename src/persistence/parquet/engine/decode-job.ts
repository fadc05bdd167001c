import { CorruptDataError, FaunError, UnsupportedError } from "../../../errors.ts";
import { crc32 } from "../../crc32.ts";
import type { PageCodec, PageCodecName } from "../codecs/codec.ts";
import { loadCodec } from "../codecs/load-codec.ts";
import { type DecodedColumn, decodedSize } from "../read/decode-chunk.ts";
import { type ChunkTask, runTask } from "../read/run-task.ts";
import type { Allocate } from "../read/sink.ts";
import { bytesLeft, type Claims, callOff, claim, takeBytes } from "./claims.ts";

/** Column chunks of a row group to be decoded, by however many threads have this job. */
export interface DecodeJob {
  readonly kind: "decode";
  readonly tasks: readonly ChunkTask[];
  /** Those of each task's range. */
  readonly bytes: readonly Uint8Array[];
  /** CRC-32 that each must have; null where none are known. */
  readonly checksums: readonly number[] | null;
  readonly claims: Claims;
  /** Bytes that the chunks may take decoded together, for messages. */
  readonly decodedBytes: number;
  /** Whether columns are to lie in shared memory. */
  readonly shared: boolean;
}

/** What one of the threads has done. */
export interface DecodedChunks {
  /** Positions among the tasks, in no order. */
  readonly indices: readonly number[];
  readonly columns: readonly DecodedColumn[];
}

/**
 * Decodes column chunks of a job until none is left that nobody has taken. After an error nobody takes another one.
 * @param between awaited before each chunk is taken; what it throws ends the job
 * @throws CorruptDataError, UnsupportedError, TypeConversionError; Stumble for what code stumbled over
 */
export async function runDecodeJob(job: DecodeJob, between?: () => Promise<void>): Promise<DecodedChunks> {
  const { tasks, claims } = job;
  const indices: number[] = [];
  const columns: DecodedColumn[] = [];
  try {
    const codecs = new Map<PageCodecName, PageCodec>();
    for (const { codec } of tasks) if (!codecs.has(codec)) codecs.set(codec, await loadCodec(codec));
    for (;;) {
      // Without a wait a worker ends one job before it begins the next: row groups are wanted in order.
      if (between !== undefined) await between();
      const i = claim(claims, tasks.length);
      if (i < 0) return { indices, columns };
      columns.push(decoded(job, i, codecs.get(tasks[i].codec) as PageCodec));
      indices.push(i);
    }
  } catch (error) {
    callOff(claims);
    throw error;
  }
}

function decoded(
  { tasks, bytes, checksums, claims, decodedBytes, shared }: DecodeJob,
  i: number,
  codec: PageCodec,
): DecodedColumn {
  const task = tasks[i];
  if (checksums !== null && crc32(bytes[i]) !== checksums[i])
    throw new CorruptDataError(`${task.place}: its bytes are not those that were written: their checksum is another`);
  let column: DecodedColumn;
  try {
    column = runTask(
      task,
      bytes[i],
      codec,
      bytesLeft(claims),
      shared && task.plan.layout.kind !== "bytes" ? sharedBytes : undefined,
    );
  } catch (error) {
    throw error instanceof FaunError ? error : new Stumble(task.place, error);
  }
  if (takeBytes(claims, decodedSize(column)) < 0)
    throw new UnsupportedError(
      `${task.place}: the row group takes more bytes decoded than the limit decodedBytes, ${decodedBytes}`,
    );
  return column;
}

/** Not for text: what the platform decodes it with takes no shared memory. */
const sharedBytes: Allocate = (byteLength) => new Uint8Array(new SharedArrayBuffer(byteLength));

/** Code stumbled over bytes that nobody thought of. */
export class Stumble extends Error {
  constructor(place: string, cause: unknown) {
    super(`${place}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Bytes of a decoded column that lie in shared memory. */
export const sharedSize = (column: DecodedColumn): number =>
  column.values.buffer instanceof ArrayBuffer ? 0 : decodedSize(column);

/** The buffers behind decoded columns, each once. */
export function decodedBuffers(columns: readonly DecodedColumn[]): ArrayBuffer[] {
  const buffers = columns.flatMap(({ validity, values, offsets }) => [
    values.buffer,
    ...(validity === null ? [] : [validity.buffer]),
    ...(offsets === null ? [] : [offsets.buffer]),
  ]);
  return [...new Set(buffers)].filter((buffer) => buffer instanceof ArrayBuffer);
}
