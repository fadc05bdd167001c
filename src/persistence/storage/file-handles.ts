import { IoError } from "../../errors.ts";
import type { FileHandle, FileStat } from "./file-system.ts";
import type { FileWriter, StoredFile } from "./storage.ts";
import { closeQuietly, doing, failure, patiently } from "./system-call.ts";
import type { WriteNow } from "./write-now.ts";

/** Bytes of one read or write: Node refuses 2 GiB and more. */
const AT_ONCE = 1 << 30;

/** A file to read: one descriptor, so that it is the same file whatever is renamed meanwhile. */
export class OpenFile implements StoredFile {
  readonly size: number;
  readonly #path: string;
  #handle: FileHandle | null;

  constructor(path: string, handle: FileHandle, size: number) {
    this.#path = path;
    this.#handle = handle;
    this.size = size;
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const handle = this.#reading(offset, length);
    const bytes = new Uint8Array(length);
    await this.#fill(handle, offset, bytes);
    return bytes;
  }

  async readInto(offset: number, into: Uint8Array): Promise<void> {
    await this.#fill(this.#reading(offset, into.length), offset, into);
  }

  #reading(offset: number, length: number): FileHandle {
    if (this.#handle === null) throw new IoError(`${this.#path} is closed`);
    if (offset < 0 || length < 0 || offset + length > this.size)
      throw new IoError(`${this.#path} has ${this.size} bytes, and ${length} were asked for from ${offset} on`);
    return this.#handle;
  }

  async #fill(handle: FileHandle, offset: number, bytes: Uint8Array): Promise<void> {
    const { length } = bytes;
    let at = 0;
    while (at < length) {
      const { bytesRead } = await doing("read", this.#path, () =>
        patiently(() => handle.read(bytes, at, Math.min(length - at, AT_ONCE), offset + at)),
      );
      if (bytesRead === 0) throw new IoError(`${this.#path} ended at byte ${offset + at}, before its ${this.size} bytes`);
      at += bytesRead;
    }
  }

  /** Where it was opened: another file may be there by now. */
  get path(): string {
    return this.#path;
  }

  /** Of the file itself, wherever it is. */
  stat(): Promise<FileStat> {
    return patiently(() => this.#reading(0, 0).stat());
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    // Nothing was written: there is nothing to be lost by it.
    if (handle !== null) await closeQuietly(handle);
  }
}

/** What writing a file takes. */
export type WritableHandle = Pick<FileHandle, "write" | "datasync" | "close">;

/** Zeros are written in pieces of so many bytes. */
const PIECE = 64 * 1024;
let zeros: Uint8Array | undefined;

/** A file being written. */
export class NewFile implements FileWriter {
  position: number;
  readonly #path: string;
  readonly #writeNow: WriteNow | null;
  #handle: WritableHandle | null;
  #broken: unknown = null;
  #ahead: Promise<void> | null = null;
  /** Where the file ends by `reserve`. */
  #reserved = 0;

  /**
   * @param writeNow writes to the same file, where it can be written to on this thread
   * @param position bytes that it has already
   */
  constructor(path: string, handle: WritableHandle, writeNow: WriteNow | null = null, position = 0) {
    this.#path = path;
    this.#handle = handle;
    this.#writeNow = writeNow;
    this.position = position;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#do("write", async (handle) => {
      let at = 0;
      while (at < bytes.length) {
        let taken = this.#writeNow?.take(bytes, at, this.position) ?? 0;
        if (taken === 0) {
          const { bytesWritten } = await patiently(() =>
            handle.write(bytes, at, Math.min(bytes.length - at, AT_ONCE), this.position),
          );
          taken = bytesWritten;
        }
        if (taken === 0) throw new Error("no byte was taken");
        at += taken;
        this.position += taken;
      }
    });
  }

  async reserve(bytes: number): Promise<boolean> {
    const handle = this.#handle;
    if (handle === null || this.#broken !== null) return false;
    zeros ??= new Uint8Array(PIECE);
    const end = this.position + bytes;
    let at = Math.max(this.position, this.#reserved);
    try {
      while (at < end) {
        const piece = Math.min(PIECE, end - at);
        const { bytesWritten } = await patiently(() => handle.write(zeros as Uint8Array, 0, piece, at));
        if (bytesWritten === 0) return false;
        at += bytesWritten;
        this.#reserved = at;
      }
      return true;
    } catch {
      return false;
    }
  }

  /** Has the system begin with what is there, while more is written; `sync` tells what became of it. */
  syncAhead(): void {
    if (this.#handle === null || this.#broken !== null) return;
    this.#ahead = this.#handle.datasync();
    this.#ahead.catch(() => {});
  }

  async sync(): Promise<void> {
    await this.#do("sync", async (handle) => {
      await this.#ahead;
      await handle.datasync();
    });
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    if (handle === null) return;
    await this.#ahead?.catch(() => {});
    // Some systems tell only now that bytes could not be written.
    if (this.#broken === null) await doing("close", this.#path, () => handle.close());
    else await closeQuietly(handle);
  }

  async #do(what: string, run: (handle: WritableHandle) => Promise<void>): Promise<void> {
    if (this.#handle === null) throw new IoError(`${this.#path} is closed`);
    if (this.#broken !== null)
      throw new IoError(`${this.#path}: cannot ${what} after an earlier failure`, { cause: this.#broken });
    try {
      await run(this.#handle);
    } catch (cause) {
      this.#broken = cause;
      throw failure(what, this.#path, cause);
    }
  }
}
