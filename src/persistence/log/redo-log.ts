import { recordBatchesOf } from "../../arrow/table.ts";
import { joinBytes } from "../../columns/join-bytes.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { Transaction } from "../backend.ts";
import type { Step } from "../change-steps.ts";
import type { Storage } from "../storage/storage.ts";
import { type ChangeToRecord, encodeCommit } from "./commit-record.ts";
import { encodeFrame, FrameKind } from "./frame.ts";
import { LogWriter, type LogWriterOptions } from "./log-writer.ts";
import { segmentsIn } from "./read-log.ts";
import { RowMessages } from "./row-messages.ts";

/** The schema of some rows as a segment has it: written once, and named by a number. */
interface Noted {
  readonly id: number;
  readonly messages: RowMessages;
}

/**
 * The log of changes that the checkpoint does not have yet. A commit is one frame, written behind the others: its cost
 * is that of the change, whatever is stored.
 */
export class RedoLog {
  readonly writer: LogWriter;
  readonly #storage: Storage;
  readonly #folder: string;
  #noted = new Map<EntitySchema, Noted>();
  /** The segment, by its number, that has the noted schemas. */
  #notedIn = 0;
  #bytes = 0;

  /** @param last the last commit there is, in the log or the checkpoint */
  constructor(storage: Storage, folder: string, entity: string, last: bigint, options: LogWriterOptions) {
    this.#storage = storage;
    this.#folder = folder;
    this.writer = new LogWriter(storage, folder, entity, last, options);
  }

  /** Bytes written by this object. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Writes a commit. Resolves when it is as durable as the log's setting says.
   * @param steps none of them an upsert: what was there is known by now
   * @throws IoError
   */
  async append(seq: bigint, at: Date, total: bigint, txn: Transaction | null, steps: readonly Step[]): Promise<void> {
    await this.writer.begin(seq);
    const { segments } = this.writer;
    if (segments !== this.#notedIn) this.#noted = new Map();
    this.#notedIn = segments;
    const frames: Uint8Array[] = [];
    const { durable } = this.writer;
    const noted = new Map(this.#noted);
    const changes = steps.map((step): ChangeToRecord => {
      if (step.kind === "clear") return { kind: "clear", schema: 0, rows: 0, parts: [] };
      let entry = noted.get(step.rows.schema);
      if (entry === undefined) {
        entry = { id: noted.size + 1, messages: new RowMessages(step.rows) };
        noted.set(step.rows.schema, entry);
        const id = new Uint8Array(8);
        new DataView(id.buffer).setUint32(0, entry.id, true);
        frames.push(encodeFrame(FrameKind.Schema, seq, durable, [id, entry.messages.schemaBytes]));
      }
      const batches = step.kind === "append" && step.ours ? step.batches : recordBatchesOf(step.rows);
      return { kind: step.kind, schema: entry.id, rows: step.rows.size, parts: entry.messages.of(batches) };
    });
    frames.push(encodeFrame(FrameKind.Commit, seq, durable, encodeCommit(at, total, txn, changes)));
    // One write, so that a crash tears at most what was not yet reported.
    const bytes = frames.length === 1 ? frames[0] : joinBytes(frames);
    await this.writer.write(seq, [bytes]);
    this.#noted = noted;
    this.#bytes += bytes.length;
  }

  /** Ends the segment, durably. Later commits go into another, so that this one can go once a checkpoint has it all. */
  async roll(): Promise<void> {
    await this.writer.end();
  }

  /** Removes the segments of which a checkpoint has every commit. @param seq the last commit that it has */
  async dropThrough(seq: bigint): Promise<void> {
    this.writer.checkpointed(seq);
    const segments = await segmentsIn(this.#storage, this.#folder);
    const obsolete = segments.filter(({ firstSeq }, i) => {
      const next = segments[i + 1]?.firstSeq;
      // The newest may be written to, or be about to: then its first commit is a later one.
      return next === undefined ? firstSeq <= seq && !this.writer.writing : next <= seq + 1n;
    });
    for (const { name } of obsolete) await this.#storage.remove(name);
    if (obsolete.length > 0) await this.#storage.syncFolder(this.#folder);
  }

  /** Makes what was written durable, and gives the file back. */
  close(): Promise<void> {
    return this.writer.end();
  }
}
