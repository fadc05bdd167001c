import { ArrowError, FaunError } from "../errors.ts";
import type { ForeignArray, ForeignBatch, ForeignTable } from "./foreign.ts";
import { readColumns } from "./ipc-batch.ts";
import { type Block, type IpcField, type Message, readFooter, readMessage } from "./ipc-metadata.ts";

const MAGIC = "ARROW1";

/**
 * Arrow IPC bytes, stream or file, as plain data over the same bytes. What the bytes say is checked against them:
 * nothing is read beyond their end, and input that ends early is refused, not read in part.
 * @throws ArrowError
 */
export function readIpc(bytes: Uint8Array): ForeignTable {
  try {
    if (startsWith(bytes, MAGIC)) return readFile(bytes);
    if (startsWith(bytes, "PAR1")) throw new ArrowError("these bytes are a Parquet file, not Arrow IPC");
    if (startsWith(bytes, "FEA1"))
      throw new ArrowError("these bytes are a Feather file of version 1, which is not Arrow IPC; write version 2");
    return readStream(bytes);
  } catch (error) {
    if (error instanceof FaunError) throw error;
    throw new ArrowError(`the bytes are no Arrow IPC, or damaged (${error instanceof Error ? error.message : String(error)})`, {
      cause: error,
    });
  }
}

function startsWith(bytes: Uint8Array, text: string, at = 0): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** A message and where its body lies; null at the end-of-stream marker. */
interface Frame {
  readonly message: Message | null;
  readonly body: Uint8Array;
  readonly end: number;
}

function readFrame(bytes: Uint8Array, at: number): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (at + 4 > bytes.length) throw truncated(bytes);
  let start = at + 4;
  let length = view.getInt32(at, true);
  // Since format version 0.15 the length comes after a marker of ones.
  if (length === -1) {
    if (at + 8 > bytes.length) throw truncated(bytes);
    start = at + 8;
    length = view.getInt32(at + 4, true);
  }
  if (length === 0) return { message: null, body: bytes.subarray(start, start), end: start };
  if (length < 0) throw new ArrowError("the bytes are no Arrow IPC, or damaged (a message of negative length)");
  if (length > bytes.length - start) throw truncated(bytes);
  const message = readMessage(bytes.subarray(start, start + length));
  const end = start + length + message.bodyLength;
  if (end > bytes.length) throw truncated(bytes);
  return { message, body: bytes.subarray(start + length, end), end };
}

const truncated = (bytes: Uint8Array) =>
  new ArrowError(
    `the Arrow data is truncated or no Arrow IPC: its ${bytes.length} bytes end before it does (a stream ends with the marker FF FF FF FF 00 00 00 00)`,
  );

function readStream(bytes: Uint8Array): ForeignTable {
  const first = readFrame(bytes, 0);
  if (first.message?.kind !== "schema") throw new ArrowError("the bytes are no Arrow IPC: they do not begin with a schema");
  const collector = new Collector(first.message.fields);
  let frame = readFrame(bytes, first.end);
  for (; frame.message !== null; frame = readFrame(bytes, frame.end)) collector.add(frame.message, frame.body);
  for (let i = frame.end; i < bytes.length; i++)
    if (bytes[i] !== 0) throw new ArrowError("there is more data behind the end of the Arrow stream");
  return collector.table;
}

function readFile(bytes: Uint8Array): ForeignTable {
  const tail = bytes.length - MAGIC.length - 4;
  if (tail < 8 || !startsWith(bytes, MAGIC, tail + 4))
    throw new ArrowError(`the Arrow file is truncated: its ${bytes.length} bytes do not end with a footer`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getInt32(tail, true);
  if (length <= 0 || length > tail - 8)
    throw new ArrowError(`the footer of the Arrow file is damaged: it claims ${length} bytes`);
  const footer = readFooter(bytes.subarray(tail - length, tail));
  const collector = new Collector(footer.fields);
  const data = bytes.subarray(0, tail - length);
  // Blocks may not overlap: a small file must not become a great many rows.
  let total = 0;
  const read = (block: Block, kind: Message["kind"]): void => {
    const { message, body, end } = readFrame(data, block.offset);
    if (message?.kind !== kind)
      throw new ArrowError(`the footer of the Arrow file is damaged: there is no ${kind} at ${block.offset}`);
    total += end - block.offset;
    if (total > bytes.length) throw new ArrowError("the footer of the Arrow file is damaged: its blocks overlap");
    collector.add(message, body);
  };
  for (const block of footer.dictionaries) read(block, "dictionary");
  for (const block of footer.batches) read(block, "batch");
  return collector.table;
}

/** Takes messages in order; each batch has the dictionaries that came before it. */
class Collector {
  readonly #fields: readonly IpcField[];
  readonly #batches: ForeignBatch[] = [];
  readonly #dictionaries = new Map<bigint, readonly ForeignArray[]>();
  /** What the values of a dictionary are. */
  readonly #values = new Map<bigint, IpcField>();

  constructor(fields: readonly IpcField[]) {
    this.#fields = fields;
    const note = (field: IpcField): void => {
      if (field.dictionary !== null) {
        this.#values.set(field.dictionary.id, field.dictionary.values);
        note(field.dictionary.values);
      }
      field.children.forEach(note);
    };
    fields.forEach(note);
  }

  get table(): ForeignTable {
    return { fields: this.#fields, batches: this.#batches };
  }

  add(message: Message, body: Uint8Array): void {
    switch (message.kind) {
      case "schema":
        throw new ArrowError("the Arrow stream has a second schema");
      case "batch": {
        const columns = readColumns(this.#fields, message.batch, body, message.version, this.#dictionaries);
        this.#batches.push({ fields: this.#fields, length: message.batch.length, column: (i) => columns[i] });
        break;
      }
      case "dictionary":
        this.#addDictionary(
          message.id,
          message.isDelta,
          readColumns(this.#dictionaryFields(message.id), message.batch, body, message.version, this.#dictionaries),
        );
    }
  }

  #dictionaryFields(id: bigint): readonly IpcField[] {
    const field = this.#values.get(id);
    if (field === undefined) throw new ArrowError(`a dictionary with the id ${id}, which no column has`);
    return [field];
  }

  #addDictionary(id: bigint, isDelta: boolean, part: ForeignArray[]): void {
    this.#dictionaries.set(id, isDelta ? [...(this.#dictionaries.get(id) ?? []), ...part] : part);
  }
}
