import { readIpc } from "../../arrow/from-ipc.ts";
import { END_OF_STREAM, joinMessages } from "../../arrow/join-messages.ts";
import { readArrow } from "../../arrow/read.ts";
import { joinBytes } from "../../columns/join-bytes.ts";
import { projectEntity } from "../../entity/projection.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { CorruptDataError } from "../../errors.ts";
import { RowAccess } from "../../soa/row-access.ts";
import { SoA } from "../../soa/soa.ts";
import type { Commit } from "../backend.ts";
import type { Step } from "../change-steps.ts";
import type { HasBelow, Overlay } from "../overlay/overlay.ts";
import type { RecordedChange } from "./commit-record.ts";
import type { LoggedCommit } from "./read-log.ts";

/** Logged changes say what was there: an update is of rows that are, an append of rows that are not. */
export const asLogged: HasBelow = (_, kind) => kind !== "append";

/** Where a replay has come to. */
export interface Replayed {
  /** The last commit. */
  seq: bigint;
  commits: number;
  rows: number;
  bytes: number;
  /** The last transaction of each writer. */
  readonly writers: Map<string, { seq: bigint; commit: Commit }>;
  /** The last commits, as they were reported, oldest first. */
  readonly last: Commit[];
}

/** Commits whose report is kept. */
const REMEMBERED = 1000;

/** Frames of single rows are read together, up to so many. */
const RUN = 4096;

/** Batches of fewer rows are put together before they are read. */
const SMALL = 1024;

/**
 * Makes the commits of a log once more, on an overlay over the checkpoint that they follow. Appends that follow each
 * other are read as one: O(bytes of the log).
 * @throws CorruptDataError
 */
export async function replay(
  entity: EntityClass<EntityRow>,
  schema: EntitySchema,
  overlay: Overlay,
  commits: AsyncIterable<LoggedCommit>,
  durability: Commit["durability"],
  onCommit: (replayed: Replayed) => void = () => {},
): Promise<Replayed> {
  const reader = new ChangeDecoder(entity, schema);
  const replayed: Replayed = { seq: 0n, commits: 0, rows: 0, bytes: 0, writers: new Map(), last: [] };
  const run: { schema: Uint8Array | null; messages: Uint8Array[]; rows: number } = { schema: null, messages: [], rows: 0 };
  const flush = () => {
    if (run.schema !== null) {
      const small = run.rows < run.messages.length * SMALL;
      const table = small
        ? joinMessages(run.schema, run.messages)
        : readIpc(joinBytes([run.schema, ...run.messages, END_OF_STREAM]));
      overlay.append(table, run.rows);
    }
    run.schema = null;
    run.messages = [];
    run.rows = 0;
  };
  for await (const { seq, record, schemas, bytes } of commits) {
    try {
      for (const change of record.changes) {
        const columns = schemas.get(change.schema);
        if (change.kind !== "clear" && columns === undefined) throw new Error(`it has no schema ${change.schema}`);
        if (change.kind === "append") {
          if (run.schema !== columns || run.messages.length >= RUN) flush();
          run.schema = columns as Uint8Array;
          run.messages.push(change.messages);
          run.rows += change.rows;
        } else {
          flush();
          overlay.apply([reader.step(change, columns)], asLogged);
        }
      }
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new CorruptDataError(`${schema.name}: commit ${seq} of the log cannot be made again: ${why}`, { cause });
    }
    const commit: Commit = { version: String(seq), rows: record.total, at: record.at, durability };
    replayed.seq = seq;
    replayed.commits++;
    replayed.rows += record.changes.reduce((sum, { rows }) => sum + rows, 0);
    replayed.bytes += bytes;
    if (replayed.last.push(commit) > 2 * REMEMBERED) replayed.last.splice(0, REMEMBERED);
    if (record.txn !== null) replayed.writers.set(record.txn.writer, { seq: record.txn.seq, commit });
    onCommit(replayed);
  }
  flush();
  return replayed;
}

/** Makes steps of logged changes. */
class ChangeDecoder {
  readonly #schema: EntitySchema;
  readonly #whole: RowAccess<EntityRow>;
  readonly #parts = new Map<Uint8Array, RowAccess<EntityRow>>();

  constructor(entity: EntityClass<EntityRow>, schema: EntitySchema) {
    this.#schema = schema;
    this.#whole = new RowAccess(entity);
  }

  step({ kind, messages }: RecordedChange, columns: Uint8Array | undefined): Step {
    if (kind === "clear" || columns === undefined) return { kind: "clear" };
    if (kind !== "update" && kind !== "delete") throw new Error(`an unsettled ${kind}`);
    const access = this.#accessOf(columns);
    const rows = new SoA<EntityRow>(access.entity, { access });
    readArrow(rows, joinBytes([columns, messages, END_OF_STREAM]));
    return { kind, rows };
  }

  /** The fields that a schema of the log has. */
  #accessOf(columns: Uint8Array): RowAccess<EntityRow> {
    let access = this.#parts.get(columns);
    if (access === undefined) {
      const present = new Set(readIpc(joinBytes([columns, END_OF_STREAM])).fields?.map(({ name }) => name));
      const fields = this.#schema.fields.filter(({ column }) => present.has(column)).map(({ name }) => name);
      access = fields.length === this.#schema.fields.length ? this.#whole : new RowAccess(projectEntity(this.#schema, fields));
      this.#parts.set(columns, access);
    }
    return access;
  }
}
