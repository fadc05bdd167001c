import { IoError } from "../../../errors.ts";
import type { StoredFile } from "../storage.ts";
import { doing } from "../system-call.ts";
import { nameOf, type OpfsFileHandle } from "./platform.ts";

/** How often a file is looked at anew that grows while it is read. */
const ATTEMPTS = 20;

/** A file to read. Its content stays: contents only grow, and are not removed while somebody reads them. */
export class OpfsFile implements StoredFile {
  readonly size: number;
  readonly #path: string;
  readonly #handle: OpfsFileHandle;
  readonly #onClose: () => Promise<void>;
  #blob: Blob | null;

  /** @param onClose lets the content go; called once */
  constructor(path: string, handle: OpfsFileHandle, blob: Blob, onClose: () => Promise<void>) {
    this.#path = path;
    this.#handle = handle;
    this.#blob = blob;
    this.size = blob.size;
    this.#onClose = onClose;
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#blob === null) throw new IoError(`${this.#path} is closed`);
    if (offset < 0 || length < 0 || offset + length > this.size)
      throw new IoError(`${this.#path} has ${this.size} bytes, and ${length} were asked for from ${offset} on`);
    return doing("read", this.#path, async () => {
      for (let attempt = 1; ; attempt++) {
        const blob = this.#blob;
        if (blob === null) throw new IoError(`${this.#path} is closed`);
        try {
          return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
        } catch (error) {
          // Bytes were added since: those of before are the same.
          if (nameOf(error) !== "NotReadableError" || attempt === ATTEMPTS || this.#blob === null) throw error;
          const grown = await this.#handle.getFile();
          if (grown.size < this.size) throw error;
          this.#blob = grown;
        }
      }
    });
  }

  async close(): Promise<void> {
    if (this.#blob === null) return;
    this.#blob = null;
    await this.#onClose();
  }
}
