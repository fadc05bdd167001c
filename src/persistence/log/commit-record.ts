import { SerializationError, ValidationError } from "../../errors.ts";
import type { Transaction } from "../backend.ts";
import type { FrameReader } from "./frame.ts";

/** A change of a commit as the log keeps it. */
export interface RecordedChange {
  readonly kind: "append" | "update" | "delete" | "clear";
  /** What its rows need before them: the beginning of an Arrow IPC stream. Null for a clear. */
  readonly schema: Uint8Array<ArrayBuffer> | null;
  /** What its messages lack: the metadata of the one there is. Null where they are whole. */
  readonly metadata: Uint8Array<ArrayBuffer> | null;
  readonly rows: number;
  /** Arrow IPC messages, without schema and end of stream, from `start` to `end` in the bytes of the segment. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly start: number;
  readonly end: number;
}

/** What a commit frame says. Numbers are read when they are asked for: of most commits of a log nobody does. */
export class CommitRecord {
  readonly changes: readonly RecordedChange[];
  /** Who made it, where it is a numbered transaction. */
  readonly writer: string | null;
  readonly #view: DataView;
  readonly #start: number;

  constructor(view: DataView, start: number, writer: string | null, changes: readonly RecordedChange[]) {
    this.#view = view;
    this.#start = start;
    this.writer = writer;
    this.changes = changes;
  }

  /** Milliseconds since 1970. */
  get at(): number {
    return Number(this.#view.getBigInt64(this.#start, true));
  }

  /** Rows there are after it. */
  get total(): bigint {
    return this.#view.getBigUint64(this.#start + 8, true);
  }

  get txn(): Transaction | null {
    return this.writer === null ? null : { writer: this.writer, seq: this.#view.getBigUint64(this.#start + 16, true) };
  }
}

/** What earlier frames of the segment gave numbers to. */
export interface Numbered {
  readonly schemas: Map<number, Uint8Array<ArrayBuffer>>;
  readonly layouts: Map<number, Uint8Array<ArrayBuffer>>;
  readonly writers: Map<number, string>;
}

export interface ChangeToRecord {
  readonly kind: RecordedChange["kind"];
  /** Numbers; 0 for none. */
  readonly schema: number;
  readonly layout: number;
  readonly rows: number;
  readonly parts: readonly Uint8Array[];
}

/** @throws ValidationError for a number that the log cannot say */
export function assertTransaction(entity: string, txn: Transaction | undefined): void {
  if (txn === undefined || (txn.seq >= 0n && txn.seq < 2n ** 64n)) return;
  throw new ValidationError({ entity, field: "txn.seq", value: txn.seq, expected: "a bigint from 0 to 2^64 - 1" });
}

/** By number: the first is 1. */
const KINDS = ["append", "update", "delete", "clear"] as const;

const HEAD_BYTES = 32;
const CHANGE_BYTES = 24;

/**
 * The payload of a commit frame: the head, each change, then the messages of each change.
 *
 *     0   i64  time, in milliseconds since 1970          0   u16  kind
 *     8   u64  rows after it                             2   u16  0
 *     16  u64  number of the transaction                 4   u32  schema
 *     24  u32  writer, 0 for none                        8   u32  rows
 *     28  u32  changes                                   12  u32  layout, 0 for none
 *                                                        16  u64  bytes of its messages
 *
 * @param writer number of the transaction's writer, 0 for none
 */
export function encodeCommit(
  at: Date,
  total: bigint,
  writer: number,
  txnSeq: bigint,
  changes: readonly ChangeToRecord[],
): Uint8Array[] {
  const head = new DataView(new ArrayBuffer(HEAD_BYTES + changes.length * CHANGE_BYTES));
  head.setBigInt64(0, BigInt(at.getTime()), true);
  head.setBigUint64(8, total, true);
  head.setBigUint64(16, txnSeq, true);
  head.setUint32(24, writer, true);
  head.setUint32(28, changes.length, true);
  changes.forEach(({ kind, schema, layout, rows, parts }, i) => {
    const start = HEAD_BYTES + i * CHANGE_BYTES;
    head.setUint16(start, KINDS.indexOf(kind) + 1, true);
    head.setUint32(start + 4, schema, true);
    head.setUint32(start + 8, rows, true);
    head.setUint32(start + 12, layout, true);
    head.setBigUint64(start + 16, BigInt(parts.reduce((sum, part) => sum + part.byteLength, 0)), true);
  });
  return [new Uint8Array(head.buffer), ...changes.flatMap(({ parts }) => parts)];
}

/**
 * @param start where the payload begins in the bytes of the segment
 * @throws SerializationError where the bytes are no commit: only after damage that the frame's sum did not show
 */
export function decodeCommit({ bytes, view }: FrameReader, start: number, length: number, numbered: Numbered): CommitRecord {
  const count = length < HEAD_BYTES ? 0 : view.getUint32(start + 28, true);
  let offset = start + HEAD_BYTES + count * CHANGE_BYTES;
  if (length < HEAD_BYTES || offset > start + length) throw unreadable("it is shorter than its head");
  const changes: RecordedChange[] = [];
  for (let i = 0; i < count; i++) {
    const at = start + HEAD_BYTES + i * CHANGE_BYTES;
    const kind = KINDS[view.getUint16(at, true) - 1];
    if (kind === undefined) throw unreadable(`an unknown change of kind ${view.getUint16(at, true)}`);
    const size = view.getUint32(at + 16, true) + view.getUint32(at + 20, true) * 2 ** 32;
    if (offset + size > start + length) throw unreadable("its changes are longer than itself");
    const layout = view.getUint32(at + 12, true);
    changes.push({
      kind,
      schema: kind === "clear" ? null : known(numbered.schemas, view.getUint32(at + 4, true), "schema"),
      metadata: layout === 0 ? null : known(numbered.layouts, layout, "layout"),
      rows: view.getUint32(at + 8, true),
      bytes,
      start: offset,
      end: offset + size,
    });
    offset += size;
  }
  const writer = view.getUint32(start + 24, true);
  return new CommitRecord(view, start, writer === 0 ? null : known(numbered.writers, writer, "writer"), changes);
}

function known<T>(numbered: ReadonlyMap<number, T>, number: number, what: string): T {
  const found = numbered.get(number);
  if (found === undefined) throw unreadable(`it has no ${what} ${number}`);
  return found;
}

const unreadable = (why: string) => new SerializationError(`a commit of the log cannot be read: ${why}`);
