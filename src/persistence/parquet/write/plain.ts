import { bitmapBytes, copyBits } from "../../../columns/bitmap.ts";
import { encodeUtf8 } from "../../../columns/utf8.ts";
import type { ByteSink } from "./byte-sink.ts";
import type { Values } from "./column-values.ts";
import { encodeDelta32 } from "./delta.ts";

/** Bytes that the values take as PLAIN. O(1). */
export function plainBytes(values: Exclude<Values, { kind: "codes" }>): number {
  switch (values.kind) {
    case "words":
    case "bytes":
      return values.count * values.width;
    case "byteArrays":
      return values.count * 4 + values.offsets[values.count] - values.offsets[0];
    case "bits":
      return bitmapBytes(values.count);
  }
}

/** Values [from, to) as PLAIN, where they lie like that already; else null. No copy. */
export function plainView(values: Values, from: number, to: number): Uint8Array | null {
  if (values.kind === "bytes") return values.bytes.subarray(from * values.width, to * values.width);
  if (values.kind !== "words") return null;
  const { words, width } = values;
  return new Uint8Array(words.buffer, words.byteOffset + from * width, (to - from) * width);
}

/** Appends values [from, to) as PLAIN. O(bytes). */
export function encodePlain(values: Values, from: number, to: number, sink: ByteSink): void {
  const view = plainView(values, from, to);
  if (view !== null) {
    sink.append(view);
  } else if (values.kind === "bits") {
    const bits = new Uint8Array(bitmapBytes(to - from));
    copyBits(values.bits, from, bits, 0, to - from);
    sink.append(bits);
  } else if (values.kind === "byteArrays") {
    const { offsets, data } = values;
    sink.reserve(offsets[to] - offsets[from] + 4 * (to - from));
    for (let i = from; i < to; i++) {
      const start = offsets[i];
      const end = offsets[i + 1];
      sink.uint32(end - start);
      const { bytes } = sink;
      // A call costs more than a few bytes.
      if (end - start > 32) bytes.set(data.subarray(start, end), sink.length);
      else for (let from = start, to = sink.length; from < end; ) bytes[to++] = data[from++];
      sink.length += end - start;
    }
  }
}

/** Appends byte arrays [from, to) as DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes. O(bytes). */
export function encodeDeltaLength(
  { offsets, data }: Extract<Values, { kind: "byteArrays" }>,
  from: number,
  to: number,
  sink: ByteSink,
): void {
  const lengths = new Uint32Array(to - from);
  for (let i = from; i < to; i++) lengths[i - from] = offsets[i + 1] - offsets[i];
  encodeDelta32(lengths, 0, lengths.length, sink);
  sink.append(data.subarray(offsets[from], offsets[to]));
}

/** Appends values [from, to) as BYTE_STREAM_SPLIT: the first bytes of all, then the second ones, and so on. O(bytes). */
export function encodeByteStreamSplit(values: Values, from: number, to: number, sink: ByteSink): void {
  const bytes = plainView(values, from, to) as Uint8Array;
  const count = to - from;
  const width = count === 0 ? 0 : bytes.length / count;
  sink.reserve(bytes.length);
  const out = sink.bytes;
  for (let b = 0; b < width; b++) {
    const start = sink.length + b * count;
    for (let i = 0; i < count; i++) out[start + i] = bytes[i * width + b];
  }
  sink.length += bytes.length;
}

/** Values of codes as what they stand for. O(bytes). */
export function byteArraysOfCodes({
  codes,
  dictionary,
  count,
}: Extract<Values, { kind: "codes" }>): Extract<Values, { kind: "byteArrays" }> {
  const texts = dictionary.map(encodeUtf8);
  const offsets = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) offsets[i + 1] = offsets[i] + texts[codes[i]].length;
  const data = new Uint8Array(offsets[count]);
  for (let i = 0; i < count; i++) data.set(texts[codes[i]], offsets[i]);
  return { kind: "byteArrays", offsets, data, count };
}
