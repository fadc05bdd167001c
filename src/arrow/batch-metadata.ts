/** Continuation marker and length of the flatbuffer. */
const PREFIX = 8;
const NODES = PREFIX + 72;

/** Where a buffer or a column's node is told: two 64-bit integers. */
const PAIR = 16;

/**
 * The metadata of a record batch, framed as in an Arrow IPC stream: what comes before the body. Written by hand, for
 * a log writes one a commit: the flatbuffer of https://arrow.apache.org/docs/format/Columnar.html#recordbatch-message,
 * metadata version V5, not compressed. A multiple of 8 bytes. O(columns).
 * @param nodes rows and nulls of each column in turn
 * @param buffers offset in the body and bytes of each buffer in turn
 */
export function batchMetadata(
  rows: number,
  nodes: readonly number[],
  buffers: readonly number[],
  bodyBytes: number,
): Uint8Array<ArrayBuffer> {
  const buffersAt = NODES + (nodes.length / 2) * PAIR + 8;
  const bytes = new Uint8Array(buffersAt + (buffers.length / 2) * PAIR);
  const words = new Int32Array(bytes.buffer);
  const long = (at: number, value: number) => {
    words[at >> 2] = value;
    words[(at >> 2) + 1] = value / 4_294_967_296;
  };
  words.set(HEAD);
  words[1] = bytes.length - PREFIX;
  long(PREFIX + 24, bodyBytes);
  long(PREFIX + 56, rows);
  // An offset counts from where it stands.
  words[(PREFIX + 64) >> 2] = buffersAt - 4 - (PREFIX + 64);
  words[(NODES - 4) >> 2] = nodes.length / 2;
  words[(buffersAt - 4) >> 2] = buffers.length / 2;
  for (let i = 0; i < nodes.length; i++) long(NODES + i * 8, nodes[i]);
  for (let i = 0; i < buffers.length; i++) long(buffersAt + i * 8, buffers[i]);
  return bytes;
}

/** What is the same in each: offsets, and the tables of fields, of little-endian 16-bit integers. */
const HEAD = (() => {
  const bytes = new DataView(new ArrayBuffer(NODES));
  bytes.setInt32(0, -1, true);
  const u16 = (at: number, ...values: number[]) => {
    values.forEach((value, i) => {
      bytes.setUint16(PREFIX + at + i * 2, value, true);
    });
  };
  const i32 = (at: number, value: number) => bytes.setInt32(PREFIX + at, value, true);
  i32(0, 16);
  // Message: its table of fields at 4, itself at 16. Version at 16, kind of header at 18, header at 4, body's length at 8.
  u16(4, 12, 20, 16, 18, 4, 8);
  i32(16, 12);
  i32(20, 48 - 20);
  u16(32, 4);
  bytes.setUint8(PREFIX + 34, 3);
  // RecordBatch: its table of fields at 36, itself at 48. Length at 8, nodes at 4, buffers at 16.
  u16(36, 10, 20, 8, 4, 16);
  i32(48, 12);
  i32(52, 68 - 52);
  return new Int32Array(bytes.buffer);
})();
