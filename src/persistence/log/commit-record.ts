import { SerializationError } from "../../errors.ts";
import type { Transaction } from "../backend.ts";
import { padded } from "./frame.ts";

/** A change of a commit as the log keeps it. */
export interface RecordedChange {
  readonly kind: "append" | "upsert" | "update" | "delete" | "clear";
  /** Names the schema frame of its rows; none for a clear. */
  readonly schema: number;
  readonly rows: number;
  /** Arrow IPC messages, without schema and end of stream. */
  readonly messages: Uint8Array<ArrayBuffer>;
}

/** What a commit frame says. */
export interface CommitRecord {
  readonly at: Date;
  /** Rows there are after it. */
  readonly total: bigint;
  readonly txn: Transaction | null;
  readonly changes: readonly RecordedChange[];
}

/** The head of a commit frame as JSON has it. Bigints are decimal strings. */
interface Head {
  at: string;
  total: string;
  txn?: { writer: string; seq: string };
  changes: { kind: RecordedChange["kind"]; schema?: number; rows?: number; bytes?: number }[];
}

export interface ChangeToRecord {
  readonly kind: RecordedChange["kind"];
  readonly schema: number;
  readonly rows: number;
  readonly parts: readonly Uint8Array[];
}

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { fatal: true });
const KINDS: readonly string[] = ["append", "upsert", "update", "delete", "clear"];

/** The payload of a commit frame: u32 bytes of the head, u32 zero, the head as JSON padded to 8, then the messages of each change. */
export function encodeCommit(at: Date, total: bigint, txn: Transaction | null, changes: readonly ChangeToRecord[]): Uint8Array[] {
  const head: Head = {
    at: at.toISOString(),
    total: String(total),
    ...(txn === null ? {} : { txn: { writer: txn.writer, seq: String(txn.seq) } }),
    changes: changes.map(({ kind, schema, rows, parts }) =>
      kind === "clear" ? { kind } : { kind, schema, rows, bytes: parts.reduce((sum, part) => sum + part.byteLength, 0) },
    ),
  };
  const json = utf8.encode(JSON.stringify(head));
  const start = new Uint8Array(8 + padded(json.length));
  new DataView(start.buffer).setUint32(0, json.length, true);
  start.set(json, 8);
  return [start, ...changes.flatMap(({ parts }) => parts)];
}

/** @throws SerializationError where the bytes are no commit: only after damage that the frame's sum did not show */
export function decodeCommit(payload: Uint8Array<ArrayBuffer>): CommitRecord {
  try {
    const length = new DataView(payload.buffer, payload.byteOffset, 8).getUint32(0, true);
    const head = JSON.parse(text.decode(payload.subarray(8, 8 + length))) as Head;
    let offset = 8 + padded(length);
    const changes = head.changes.map(({ kind, schema = 0, rows = 0, bytes = 0 }) => {
      if (!KINDS.includes(kind)) throw new Error(`an unknown change ${JSON.stringify(kind)}`);
      if (!(bytes >= 0) || offset + bytes > payload.length) throw new Error("its changes are longer than itself");
      const messages = payload.subarray(offset, offset + bytes);
      offset += bytes;
      return { kind, schema, rows, messages };
    });
    return {
      at: new Date(head.at),
      total: BigInt(head.total),
      txn: head.txn === undefined ? null : { writer: head.txn.writer, seq: BigInt(head.txn.seq) },
      changes,
    };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SerializationError(`a commit of the log cannot be read: ${why}`, { cause });
  }
}
