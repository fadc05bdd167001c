import { TypeConversionError } from "../../../errors.ts";
import type { PageCodec, PageCodecName } from "../codecs/codec.ts";
import type { ColumnMetaData } from "../format/metadata.ts";
import type { ChunkRange } from "../format/read-footer.ts";
import type { ColumnPlan } from "./column-plan.ts";
import { Misfit } from "./convert.ts";
import { type DecodedColumn, decodeChunk } from "./decode-chunk.ts";
import type { Allocate } from "./sink.ts";

/** A column chunk to be read, and all that decoding it takes but its bytes: plain data, so that it can go to a worker. */
export interface ChunkTask {
  /** Position of its column among the leaves of the file. */
  readonly leaf: number;
  readonly range: ChunkRange;
  readonly metaData: ColumnMetaData;
  readonly codec: PageCodecName;
  readonly rows: number;
  readonly plan: ColumnPlan;
  /** Begins the messages of errors: file, row group and column. */
  readonly place: string;
  /** For the message of a {@link TypeConversionError}. */
  readonly target: { readonly entity: string; readonly column: string; readonly from: string; readonly to: string };
}

/** Decodes what a task asks for out of the bytes of its range. @throws CorruptDataError, UnsupportedError, TypeConversionError */
export function runTask(
  { metaData, rows, plan, place, target }: ChunkTask,
  bytes: Uint8Array,
  codec: PageCodec,
  decodedBytes: number,
  allocate?: Allocate,
): DecodedColumn {
  try {
    return decodeChunk(bytes, metaData, rows, plan, codec, { decodedBytes }, place, allocate);
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    throw new TypeConversionError(target.entity, target.column, target.from, target.to, `${place}: ${error.message}`, {
      cause: error,
    });
  }
}
