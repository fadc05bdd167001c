import type { FaunError, IoError } from "../../errors.ts";
import { removeQuietly, temporaryName } from "../storage/atomic-replace.ts";
import type { FileWriter, Storage } from "../storage/storage.ts";
import { ioError, StorageFullError } from "../storage/storage-full-error.ts";
import { encodeHead, segmentName } from "./segment.ts";

/** When a commit counts as made. */
export type Durability =
  /** Once it is synced: it outlives a crash of the machine. */
  | "sync"
  /** Once it is written; it is synced within the interval, and a crash of the machine may take what is younger. */
  | "interval"
  /** Once it is written; when it is synced is the operating system's affair. A crash of this process loses nothing. */
  | "os";

export interface LogWriterOptions {
  readonly durability: Durability;
  /** Milliseconds between syncs at "interval". */
  readonly interval: number;
}

/** Bytes of a commit up to which room is made for those that follow. Of larger ones the sync of their bytes is what counts. */
const SMALL = 16 * 1024;

/** Bytes of room made at once. */
const LEAST_ROOM = 4 * 1024;
const MOST_ROOM = 1024 * 1024;

/**
 * Writes the newest segment of a log. A segment is begun when there is something to write, and given up when a write
 * or a sync of it fails, for what such a file holds nobody knows: the next segment says from which commit on the
 * older ones do not count.
 */
export class LogWriter {
  /** What was written up to here is durable. */
  durable: bigint;
  readonly #storage: Storage;
  readonly #folder: string;
  readonly #entity: string;
  readonly #options: LogWriterOptions;
  #segment: { writer: FileWriter; name: string } | null = null;
  /** A segment whose end is not known has to be superseded before anything else is said. */
  #doubtful = false;
  #written: bigint;
  #segments = 0;
  /** Where the room ends that the segment has been given. */
  #room = 0;
  /** False since the disk was full. */
  #roomy = true;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #syncing: Promise<void> | null = null;
  #lost: FaunError | null = null;
  #lostUpTo = 0n;

  /** @param last the last commit there is: it and those before are durable */
  constructor(storage: Storage, folder: string, entity: string, last: bigint, options: LogWriterOptions) {
    this.#storage = storage;
    this.#folder = folder;
    this.#entity = entity;
    this.#options = options;
    this.durable = last;
    this.#written = last;
  }

  /** Whether a segment is being written. */
  get writing(): boolean {
    return this.#segment !== null;
  }

  /** Segments begun so far. Each has schemas of its own. */
  get segments(): number {
    return this.#segments;
  }

  /** A sync in the background failed: commits that were reported as made may be lost unless a checkpoint takes them in. */
  get lost(): FaunError | null {
    return this.#lost;
  }

  /** Begins a segment unless one is being written. @throws IoError: nothing was written */
  async begin(seq: bigint): Promise<void> {
    if (this.#segment !== null) return;
    await this.settle(seq);
    if (this.#segment === null) await this.#begin(seq);
  }

  /**
   * Writes the frames of one commit, in one piece, so that a crash tears at most what was not yet reported.
   * @throws IoError whose `outcome` is "unknown" where neither the write nor what supersedes it came about
   */
  async write(seq: bigint, frames: Uint8Array): Promise<void> {
    const { writer } = this.#segment as { writer: FileWriter };
    let whole = false;
    try {
      await this.#syncing;
      await writer.write(frames);
      whole = true;
      if (this.#options.durability === "sync") {
        if (frames.length <= SMALL) await this.#makeRoom(writer);
        await writer.sync();
      }
    } catch (cause) {
      // A disk that tells only now that it is full may have had room for the commit, if not for more.
      if (cause instanceof StorageFullError) this.#roomy = false;
      await this.#giveUp();
      // A frame that found no room is not whole, and so there is no commit, whatever becomes of the segment.
      if (!whole && cause instanceof StorageFullError) this.#doubtful = false;
      try {
        await this.settle(seq);
      } catch {
        throw failure("may have been made: it is settled when the log can be written again", cause, "unknown");
      }
      throw failure("nothing was written", cause, "failed");
    }
    this.#written = seq;
    if (this.#options.durability === "sync") this.durable = seq;
    else if (this.#options.durability === "interval") this.#syncLater();
  }

  /** Makes certain that a commit which failed is none. @param seq its sequence number @throws IoError while that cannot be done */
  async settle(seq: bigint): Promise<void> {
    if (this.#doubtful) await this.#begin(seq);
  }

  /** Makes durable what was written. @throws IoError */
  async sync(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#syncing;
    if (this.#segment === null || this.durable === this.#written) return;
    const upTo = this.#written;
    try {
      await this.#segment.writer.sync();
      this.durable = upTo;
    } catch (cause) {
      await this.#giveUp();
      this.#lostUpTo = this.#written;
      this.#lost = failure("commits that were reported as made may not outlive a crash", cause, "unknown");
      throw this.#lost;
    }
  }

  /** Syncs and ends the segment. The next write begins another. */
  async end(): Promise<void> {
    await this.sync();
    const segment = this.#segment;
    this.#segment = null;
    await segment?.writer.close();
  }

  /** A checkpoint has everything up to here. */
  checkpointed(seq: bigint): void {
    if (seq > this.durable) this.durable = seq;
    if (seq > this.#written) this.#written = seq;
    if (seq >= this.#lostUpTo) this.#lost = null;
    this.#roomy = true;
  }

  async #begin(seq: bigint): Promise<void> {
    const name = `${this.#folder}/${segmentName(seq)}`;
    await this.#storage.createFolder(this.#folder);
    // One of this name may be all that says that commits of older segments never came about: it goes when this one says so.
    const path = (await this.#isThere(name)) ? temporaryName(name) : name;
    const writer = await this.#storage.create(path);
    try {
      await writer.write(encodeHead(this.#entity, seq));
      await writer.sync();
      if (path !== name) await this.#storage.rename(path, name);
      await this.#storage.syncFolder(this.#folder);
    } catch (error) {
      await writer.close().catch(() => {});
      await removeQuietly(this.#storage, path);
      throw error;
    }
    this.#segment = { writer, name };
    this.#room = 0;
    this.#segments++;
    this.#doubtful = false;
  }

  async #isThere(name: string): Promise<boolean> {
    const file = await this.#storage.open(name);
    await file?.close();
    return file !== null;
  }

  /**
   * Where a file grows with each commit, each sync also waits for the file system to write down the new length and
   * blocks. So a segment of small commits is as long as they will make it, in ever larger steps.
   */
  async #makeRoom(writer: FileWriter): Promise<void> {
    if (!this.#roomy || writer.position <= this.#room) return;
    const step = Math.min(Math.max(writer.position, LEAST_ROOM), MOST_ROOM);
    this.#room = writer.position + step;
    // Where there is none, this segment grows with what is written.
    if ((await writer.reserve?.(step)) !== true) this.#room = Number.POSITIVE_INFINITY;
  }

  async #giveUp(): Promise<void> {
    this.#doubtful = true;
    const segment = this.#segment;
    this.#segment = null;
    await segment?.writer.close().catch(() => {});
  }

  #syncLater(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      // A failure is kept in `lost`, and told by the next commit.
      this.#syncing = this.#backgroundSync().finally(() => {
        this.#syncing = null;
      });
    }, this.#options.interval);
    (this.#timer as { unref?(): void }).unref?.();
  }

  async #backgroundSync(): Promise<void> {
    const segment = this.#segment;
    const upTo = this.#written;
    if (segment === null || this.durable === upTo) return;
    try {
      await segment.writer.sync();
      this.durable = upTo;
    } catch (cause) {
      await this.#giveUp();
      this.#lostUpTo = this.#written;
      this.#lost = failure("commits that were reported as made may not outlive a crash", cause, "unknown");
    }
  }
}

function failure(what: string, cause: unknown, outcome: "failed" | "unknown"): IoError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return ioError(`the log could not be written, and ${what}: ${why}`, { cause, outcome });
}
