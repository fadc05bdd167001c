import type { Transaction } from "../backend.ts";
import type { Step } from "../change-steps.ts";
import type { Storage } from "../storage/storage.ts";
import { type ChangeToRecord, encodeCommit } from "./commit-record.ts";
import { encodeFrames, FrameKind, type FrameToWrite } from "./frame.ts";
import { LogWriter, type LogWriterOptions } from "./log-writer.ts";
import { segmentsIn } from "./read-log.ts";
import { rowMessages } from "./row-messages.ts";
import { SegmentNotes } from "./segment-notes.ts";

/**
 * The log of changes that the checkpoint does not have yet. A commit is one frame, written behind the others: its cost
 * is that of the change, whatever is stored.
 */
export class RedoLog {
  readonly writer: LogWriter;
  readonly #storage: Storage;
  readonly #folder: string;
  #notes = new SegmentNotes();
  /** The segment, by its number, that has what is noted. */
  #notedIn = 0;

  /** @param last the last commit there is, in the log or the checkpoint */
  constructor(storage: Storage, folder: string, entity: string, last: bigint, options: LogWriterOptions) {
    this.#storage = storage;
    this.#folder = folder;
    this.writer = new LogWriter(storage, folder, entity, last, options);
  }

  /**
   * Writes a commit. Resolves when it is as durable as the log's setting says.
   * @param steps none of them an upsert: what was there is known by now
   * @returns bytes written
   * @throws IoError
   */
  async append(seq: bigint, at: Date, total: bigint, txn: Transaction | null, steps: readonly Step[]): Promise<number> {
    await this.writer.begin(seq);
    const { segments, durable } = this.writer;
    if (segments !== this.#notedIn) this.#notes = new SegmentNotes();
    // Until it is written, what is noted now is in no segment.
    this.#notedIn = -1;
    const bytes = encodeFrames(seq, durable, this.#frames(at, total, txn, steps));
    await this.writer.write(seq, bytes);
    this.#notedIn = segments;
    return bytes.length;
  }

  #frames(at: Date, total: bigint, txn: Transaction | null, steps: readonly Step[]): FrameToWrite[] {
    const notes = this.#notes;
    const changes = steps.map((step): ChangeToRecord => {
      if (step.kind === "clear") return { kind: "clear", schema: 0, layout: 0, rows: 0, parts: [] };
      if (step.kind === "upsert") throw new Error("an upsert that is not settled");
      const messages = rowMessages(step.rows);
      const rows = step.rows.size;
      const layout = notes.layout(messages, rows);
      const parts = messages.flatMap(({ metadata, body }) => (layout === 0 ? [metadata, ...body] : body));
      return { kind: step.kind, schema: notes.schema(step.rows), layout, rows, parts };
    });
    const writer = txn === null ? 0 : notes.writer(txn.writer);
    const commit = { kind: FrameKind.Commit, payload: encodeCommit(at, total, writer, txn?.seq ?? 0n, changes) };
    return [...notes.take(), commit];
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
    // Not synced: one that a crash brings back says nothing that the checkpoint does not, and goes with the next ones.
    for (const { name } of obsolete) await this.#storage.remove(name);
  }

  /** Makes what was written durable, and gives the file back. */
  close(): Promise<void> {
    return this.writer.end();
  }
}
