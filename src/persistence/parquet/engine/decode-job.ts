import { CorruptDataError } from "../../../errors.ts";
import { crc32 } from "../../crc32.ts";
import { loadCodec } from "../codecs/load-codec.ts";
import type { DecodedColumn } from "../read/decode-chunk.ts";
import { type ChunkTask, runTask } from "../read/run-task.ts";

/** A column chunk to be decoded. */
export interface DecodeJob {
  readonly kind: "decode";
  readonly task: ChunkTask;
  readonly bytes: Uint8Array;
  /** CRC-32 that the bytes must have; null where none is known. */
  readonly checksum: number | null;
  /** Bytes that the column may take decoded. */
  readonly decodedBytes: number;
}

/** @throws CorruptDataError, UnsupportedError, TypeConversionError */
export async function runDecodeJob({ task, bytes, checksum, decodedBytes }: DecodeJob): Promise<DecodedColumn> {
  if (checksum !== null && crc32(bytes) !== checksum)
    throw new CorruptDataError(`${task.place}: its bytes are not those that were written: their checksum is another`);
  return runTask(task, bytes, await loadCodec(task.codec), decodedBytes);
}

/** The buffers behind a decoded column, each once. */
export function decodedBuffers({ validity, values, offsets }: DecodedColumn): ArrayBuffer[] {
  const buffers = [values.buffer, ...(validity === null ? [] : [validity.buffer]), ...(offsets === null ? [] : [offsets.buffer])];
  return [...new Set(buffers)].filter((buffer) => buffer instanceof ArrayBuffer);
}
