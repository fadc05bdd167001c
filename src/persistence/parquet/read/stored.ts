import { Encoding, PhysicalType } from "../format/metadata.ts";
import { readByteArrays } from "./byte-arrays.ts";
import { readByteStreamSplit } from "./byte-stream-split.ts";
import { type Cursor, damaged } from "./cursor.ts";
import { readDelta32, readDelta64 } from "./delta.ts";

/** What a page says about its values. */
export interface Stored {
  /** A {@link PhysicalType}. */
  readonly physical: number;
  /** Bytes of a value, 0 where each tells its own. */
  readonly width: number;
  readonly encoding: number;
}

/** `count` values of one width as they are stored PLAIN, whatever they are encoded in. O(count). @throws CorruptDataError */
export function readStored({ physical, width, encoding }: Stored, cursor: Cursor, out: Uint8Array, count: number): void {
  switch (encoding) {
    case Encoding.PLAIN: {
      const from = cursor.take(count * width);
      out.set(cursor.bytes.subarray(from, from + count * width));
      return;
    }
    case Encoding.DELTA_BINARY_PACKED:
      if (physical === PhysicalType.INT32) {
        readDelta32(cursor, new Int32Array(out.buffer, out.byteOffset, out.length >>> 2), 0, count);
        return;
      }
      if (physical === PhysicalType.INT64) {
        readDelta64(cursor, new Uint32Array(out.buffer, out.byteOffset, out.length >>> 2), 0, count);
        return;
      }
      break;
    case Encoding.BYTE_STREAM_SPLIT:
      readByteStreamSplit(cursor, width, out, count);
      return;
    case Encoding.DELTA_BYTE_ARRAY:
      if (physical === PhysicalType.FIXED_LEN_BYTE_ARRAY) {
        const { offsets, data } = readByteArrays(encoding, cursor, count);
        for (let i = 1; i <= count; i++) if (offsets[i] !== i * width) throw damaged(`a value of other than ${width} bytes`);
        out.set(data.subarray(0, count * width));
        return;
      }
  }
  throw damaged(`values of physical type ${physical} in encoding ${encoding}`);
}
