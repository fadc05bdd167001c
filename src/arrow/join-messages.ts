import { joinBytes } from "../columns/join-bytes.ts";
import type { ForeignArray, ForeignBatch, ForeignTable } from "./foreign.ts";
import { readIpc } from "./from-ipc.ts";
import { type Extent, joinBatches, joinParts, NO_EXTENT, rowsOf } from "./join-batches.ts";

/** What ends a stream of messages. */
export const END_OF_STREAM: Uint8Array<ArrayBuffer> = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

/** Record batch messages of an Arrow IPC stream, in bytes that hold others as well. */
export interface Messages {
  readonly bytes: Uint8Array;
  /** Where each begins, and where it ends. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** What comes before: the metadata of the one batch there is. Null where there is more than that, and it is whole. */
  readonly metadata: readonly (Uint8Array | null)[];
}

/** The parts of a stream that messages are. No copy. */
export function wholeMessages(messages: Messages): Uint8Array[] {
  return messages.starts.flatMap((_, i) => wholeMessage(messages, i));
}

function wholeMessage({ bytes, starts, ends, metadata }: Messages, i: number): Uint8Array[] {
  const rest = bytes.subarray(starts[i], ends[i]);
  const before = metadata[i];
  return before === null ? [rest] : [before, rest];
}

/**
 * Reads many Arrow IPC messages of few rows each as one batch. Of messages that lie alike, as those of single rows of
 * plain numbers do, the metadata is read once. O(bytes).
 * @param schema the beginning of a stream: schema and dictionaries
 * @param messages record batches, one or more in each
 * @throws ArrowError
 */
export function joinMessages(schema: Uint8Array, messages: Messages): ForeignTable {
  const { layouts, firsts } = layoutsOf(messages);
  const parts = firsts.map((first) => joinBytes(wholeMessage(messages, first)));
  const bytes = joinBytes([schema, ...parts, END_OF_STREAM]);
  const table = readIpc(bytes);
  // A writer may have to write a batch without rows for the dictionaries to be there.
  const before = table.batches.length - firsts.length;
  const whole = () => joinBatches(readIpc(joinBytes([schema, ...wholeMessages(messages), END_OF_STREAM])));
  // Several batches in a message: where each lies is not told by where the message does.
  if (batchesIn(schema) !== before) return whole();
  let base = bytes.byteOffset + schema.length;
  const models = firsts.map((first, i): Model => {
    const from = base + (messages.metadata[first]?.length ?? 0);
    base += parts[i].length;
    return { batch: table.batches[before + i], from };
  });
  const batch = joined(messages, layouts, models);
  return batch === null ? whole() : { fields: table.fields, batches: [batch] };
}

const counted = new WeakMap<Uint8Array, number>();

/** Batches in the beginning of a stream, which many calls have in common. */
function batchesIn(schema: Uint8Array): number {
  const count = counted.get(schema) ?? readIpc(joinBytes([schema, END_OF_STREAM])).batches.length;
  counted.set(schema, count);
  return count;
}

/** A batch that others lie as, and where its message begins in memory, or what of it comes behind the metadata. */
interface Model {
  readonly batch: ForeignBatch;
  readonly from: number;
}

/** The rows of all messages; null where they cannot be put together. */
function joined({ bytes, starts }: Messages, layouts: Int32Array, models: readonly Model[]): ForeignBatch | null {
  const { fields } = models[0].batch;
  const rows = models.map(({ batch }) => batch.length);
  const places = { length: rowsOf(layouts, rows), layouts, starts: new Float64Array(starts) };
  const columns: ForeignArray[] = [];
  for (let i = 0; i < fields.length; i++) {
    const arrays = models.map(({ batch }) => batch.column(i));
    const { type, dictionary } = arrays[0];
    if (arrays.some((array, at) => array.length !== rows[at] || array.dictionary !== dictionary)) return null;
    const buffers = (of: (array: ForeignArray) => Uint8Array | null): Extent[] =>
      arrays.map((array, at) => bufferOf(bytes, of(array), models[at].from));
    const column = joinParts(type, dictionary, places, {
      rows,
      validity: buffers(({ validity }) => validity),
      values: buffers(({ values }) => values),
      offsets: buffers(({ offsets }) => offsets),
    });
    if (column === null) return null;
    columns.push(column);
  }
  return { fields, length: places.length, column: (i) => columns[i] };
}

/** An empty buffer lies nowhere. */
function bufferOf(source: Uint8Array, buffer: Uint8Array | null, from: number): Extent {
  if (buffer === null || buffer.length === 0) return NO_EXTENT;
  return { source, at: buffer.byteOffset - from, length: buffer.length };
}

/** Which messages lie alike: a number of each, and the first of each number. */
function layoutsOf(messages: Messages): { layouts: Int32Array; firsts: number[] } {
  const { metadata } = messages;
  const layouts = new Int32Array(metadata.length);
  const firsts: number[] = [];
  const known = new Map<Uint8Array, number>();
  for (let i = 0; i < layouts.length; i++) {
    const before = metadata[i];
    const previous = i === 0 ? -1 : layouts[i - 1];
    const guess = before === null || before === metadata[i - 1] ? previous : (known.get(before) ?? -1);
    if (guess >= 0 && areAlike(messages, firsts[guess], i)) {
      layouts[i] = guess;
      continue;
    }
    layouts[i] = firsts.length;
    if (before !== null) known.set(before, firsts.length);
    firsts.push(i);
  }
  return { layouts, firsts };
}

function areAlike({ bytes, starts, ends, metadata }: Messages, a: number, b: number): boolean {
  const [from, to] = [starts[a], starts[b]];
  const length = ends[a] - from;
  if (ends[b] - to !== length || metadata[a] !== metadata[b]) return false;
  if (metadata[a] !== null) return true;
  if (length < 8) return false;
  // Behind a marker and its length.
  const end = Math.min(8 + new DataView(bytes.buffer, bytes.byteOffset + from).getUint32(4, true), length);
  for (let i = 0; i < end; i++) if (bytes[from + i] !== bytes[to + i]) return false;
  return true;
}
