import { readIpc } from "../../arrow/from-ipc.ts";
import { END_OF_STREAM, joinMessages, type Messages, wholeMessages } from "../../arrow/join-messages.ts";
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

/** Commits whose report is kept. */
const REMEMBERED = 1000;

/** Appends that follow each other are read together, up to so many, or until they are so many rows. */
const RUN = 65_536;
const RUN_ROWS = 1_048_576;

/** Batches of fewer rows are put together before they are read. */
const SMALL = 1024;

/**
 * Makes the commits of a log once more, on an overlay over the checkpoint that they follow. Appends that follow each
 * other are read as one: O(bytes of the log).
 */
export class Replay {
  commits = 0;
  rows = 0;
  /** Bytes of the commits. */
  bytes = 0;
  readonly #schema: EntitySchema;
  readonly #overlay: Overlay;
  readonly #decoder: ChangeDecoder;
  /** Appends that were not made yet. */
  #run = new Run();
  /** The last transaction of each writer. */
  readonly #writers = new Map<string, LoggedCommit>();
  #last: LoggedCommit[] = [];

  constructor(entity: EntityClass<EntityRow>, schema: EntitySchema, overlay: Overlay) {
    this.#schema = schema;
    this.#overlay = overlay;
    this.#decoder = new ChangeDecoder(entity, schema);
  }

  /** The last commit; 0 before the first. */
  get seq(): bigint {
    return this.#last.at(-1)?.seq ?? 0n;
  }

  /** @throws CorruptDataError */
  take(commit: LoggedCommit): void {
    const { seq, record } = commit;
    try {
      for (const change of record.changes) this.#change(change);
    } catch (cause) {
      throw this.#impossible(seq, cause);
    }
    this.commits++;
    this.bytes += commit.bytes;
    if (this.#last.push(commit) > 2 * REMEMBERED) this.#last = this.#last.slice(-REMEMBERED);
    if (record.writer !== null) this.#writers.set(record.writer, commit);
  }

  /** Makes what is left to be made. @throws CorruptDataError */
  end(): void {
    try {
      this.#flush();
    } catch (cause) {
      throw this.#impossible(this.seq, cause);
    }
  }

  /** The last commits, as they were reported, oldest first. */
  last(durability: Commit["durability"]): Commit[] {
    return this.#last.map((commit) => commitOf(commit, durability));
  }

  /** The last transaction of each writer, in their order. */
  *writers(durability: Commit["durability"]): Generator<readonly [string, { seq: bigint; commit: Commit }]> {
    const inOrder = [...this.#writers].sort(([, a], [, b]) => (a.seq < b.seq ? -1 : 1));
    for (const [writer, logged] of inOrder)
      yield [writer, { seq: logged.record.txn?.seq ?? 0n, commit: commitOf(logged, durability) }];
  }

  #change(change: RecordedChange): void {
    this.rows += change.rows;
    if (change.kind !== "append") {
      this.#flush();
      this.#overlay.apply([this.#decoder.step(change)], asLogged);
      return;
    }
    if (!this.#run.takes(change)) this.#flush();
    this.#run.add(change);
  }

  #flush(): void {
    const run = this.#run;
    const { schema, rows } = run;
    if (schema === null) return;
    this.#run = new Run();
    const small = rows < run.starts.length * SMALL;
    const table = small ? joinMessages(schema, run) : readIpc(joinBytes([schema, ...wholeMessages(run), END_OF_STREAM]));
    this.#overlay.append(table, rows);
  }

  #impossible(seq: bigint, cause: unknown): CorruptDataError {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new CorruptDataError(`${this.#schema.name}: commit ${seq} of the log cannot be made again: ${why}`, { cause });
  }
}

/** Appends of one schema, whose messages lie in the same bytes. */
class Run implements Messages {
  schema: Uint8Array | null = null;
  bytes: Uint8Array = new Uint8Array(0);
  rows = 0;
  // Not an object an append: there are many, and they last until all are read.
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly metadata: (Uint8Array | null)[] = [];

  takes({ schema }: RecordedChange): boolean {
    return this.schema === schema && this.starts.length < RUN && this.rows < RUN_ROWS;
  }

  add({ schema, bytes, rows, start, end, metadata }: RecordedChange): void {
    this.schema = schema;
    this.bytes = bytes;
    this.rows += rows;
    this.starts.push(start);
    this.ends.push(end);
    this.metadata.push(metadata);
  }
}

function commitOf({ seq, record }: LoggedCommit, durability: Commit["durability"]): Commit {
  return { version: String(seq), rows: record.total, at: new Date(record.at), durability };
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

  step(change: RecordedChange): Step {
    const { kind, schema } = change;
    if (kind === "clear" || schema === null) return { kind: "clear" };
    if (kind === "append") throw new Error("an append is read with others");
    const access = this.#accessOf(schema);
    const rows = new SoA<EntityRow>(access.entity, { access });
    const { bytes, start, end, metadata } = change;
    const messages = wholeMessages({ bytes, starts: [start], ends: [end], metadata: [metadata] });
    readArrow(rows, joinBytes([schema, ...messages, END_OF_STREAM]));
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
