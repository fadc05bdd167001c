import { joinBytes } from "../columns/join-bytes.ts";
import type { ForeignArray, ForeignBatch, ForeignTable } from "./foreign.ts";
import { readIpc } from "./from-ipc.ts";
import { joinBatches, joinParts } from "./join-batches.ts";

/** What ends a stream of messages. */
export const END_OF_STREAM: Uint8Array<ArrayBuffer> = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

/**
 * Reads many Arrow IPC messages of few rows each as one batch. Of messages that lie alike, as those of single rows of
 * plain numbers do, the metadata is read once. O(bytes).
 * @param schema the beginning of a stream: schema and dictionaries
 * @param messages record batches, one or more in each
 * @throws ArrowError
 */
export function joinMessages(schema: Uint8Array, messages: readonly Uint8Array[]): ForeignTable {
  const runs = runsAlike(messages);
  const bytes = joinBytes([schema, ...runs.map(({ from }) => messages[from]), END_OF_STREAM]);
  const { fields, batches } = readIpc(bytes);
  // A writer may have to write a batch without rows for the dictionaries to be there.
  const first = batches.length - runs.length;
  const whole = () => joinBatches(readIpc(joinBytes([schema, ...messages, END_OF_STREAM])));
  // Several batches in a message: where each lies is not told by where the message does.
  if (readIpc(joinBytes([schema, END_OF_STREAM])).batches.length !== first) return whole();
  let base = bytes.byteOffset + schema.length;
  const joined: ForeignBatch[] = [];
  for (const [i, { from, to }] of runs.entries()) {
    const one = batches[first + i];
    const batch = to - from === 1 ? one : repeated(one, base, messages.slice(from, to));
    if (batch === null) return whole();
    joined.push(batch);
    base += messages[from].length;
  }
  return joinBatches({ fields, batches: joined });
}

/** The rows of messages that lie as the first, whose batch is given; null where they cannot be put together. */
function repeated(batch: ForeignBatch, base: number, messages: readonly Uint8Array[]): ForeignBatch | null {
  const rows = messages.map(() => batch.length);
  const none = { of: messages.map(() => null), at: 0 };
  const buffers = (buffer: Uint8Array | null) =>
    buffer === null ? none : { of: messages, at: buffer.length === 0 ? 0 : buffer.byteOffset - base };
  const columns: ForeignArray[] = [];
  for (let i = 0; i < batch.fields.length; i++) {
    const { type, length, validity, values, offsets, dictionary } = batch.column(i);
    const parts = { rows, validity: buffers(validity), values: buffers(values), offsets: buffers(offsets) };
    const joined = length === batch.length ? joinParts(type, dictionary, parts) : null;
    if (joined === null) return null;
    columns.push(joined);
  }
  return { fields: batch.fields, length: batch.length * messages.length, column: (i) => columns[i] };
}

/** Runs of messages of the same length and metadata. */
function runsAlike(messages: readonly Uint8Array[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  let from = 0;
  for (let i = 1; i <= messages.length; i++) {
    if (i < messages.length && areAlike(messages[from], messages[i])) continue;
    runs.push({ from, to: i });
    from = i;
  }
  return runs;
}

function areAlike(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length || a.length < 8) return false;
  // Behind a marker and its length.
  const metadata = a[4] | (a[5] << 8) | (a[6] << 16) | (a[7] << 24);
  const end = Math.min(8 + metadata, a.length);
  for (let i = 0; i < end; i++) if (a[i] !== b[i]) return false;
  return true;
}
