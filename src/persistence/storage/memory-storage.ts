import { IoError } from "../../errors.ts";
import { LockedError } from "./locked-error.ts";
import type { FileWriter, Storage, StorageLock, StoredEntry, StoredFile } from "./storage.ts";

/** Files in the memory of this process, for as long as this object lives: for pages, and for trials. */
export class MemoryStorage implements Storage {
  readonly location: string = "memory";
  readonly durability = "memory";
  readonly #files = new Map<string, MemoryFile>();
  readonly #locks = new Map<string, Date>();

  async open(name: string): Promise<StoredFile | null> {
    return this.#files.get(name)?.open(name) ?? null;
  }

  async create(name: string): Promise<FileWriter> {
    if (this.#files.has(name)) throw new IoError(`${this.location}: ${name} is there already`);
    const file = new MemoryFile();
    this.#files.set(name, file);
    return file.writer(name);
  }

  async rename(from: string, to: string): Promise<void> {
    const file = this.#files.get(from);
    if (file === undefined) throw new IoError(`${this.location}: there is no ${from} to rename`);
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  async putIfAbsent(name: string, bytes: Uint8Array): Promise<boolean> {
    if (this.#files.has(name)) return false;
    const file = new MemoryFile();
    file.append(bytes);
    this.#files.set(name, file);
    return true;
  }

  async list(folder: string): Promise<StoredEntry[]> {
    const prefix = folder === "" ? "" : `${folder}/`;
    return [...this.#files]
      .filter(([name]) => name.startsWith(prefix) && !name.slice(prefix.length).includes("/"))
      .map(([name, { size }]) => ({ name: name.slice(prefix.length), size }));
  }

  async remove(name: string): Promise<void> {
    this.#files.delete(name);
  }

  async createFolder(_folder: string): Promise<void> {}

  async syncFolder(_folder: string): Promise<void> {}

  async lock(name: string): Promise<StorageLock> {
    const since = this.#locks.get(name);
    if (since !== undefined) throw new LockedError(`${this.location}: ${name}`, { pid: undefined, host: undefined, since });
    const taken = new Date();
    this.#locks.set(name, taken);
    return {
      release: async () => {
        if (this.#locks.get(name) === taken) this.#locks.delete(name);
      },
    };
  }
}

class MemoryFile {
  #bytes = new Uint8Array(0);
  size = 0;

  append(bytes: Uint8Array): void {
    const size = this.size + bytes.length;
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(size, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.size));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.size);
    this.size = size;
  }

  writer(name: string): FileWriter {
    const file = this;
    let closed = false;
    let position = 0;
    const assertOpen = () => {
      if (closed) throw new IoError(`memory: ${name} is closed`);
    };
    return {
      get position() {
        return position;
      },
      async write(bytes) {
        assertOpen();
        file.append(bytes);
        position += bytes.length;
      },
      async sync() {
        assertOpen();
      },
      async close() {
        closed = true;
      },
    };
  }

  open(name: string): StoredFile {
    const { size } = this;
    let closed = false;
    return {
      size,
      read: async (offset, length) => {
        if (closed) throw new IoError(`memory: ${name} is closed`);
        if (offset < 0 || length < 0 || offset + length > size)
          throw new IoError(`memory: ${name} has ${size} bytes, and ${length} were asked for from ${offset} on`);
        return this.#bytes.slice(offset, offset + length);
      },
      close: async () => {
        closed = true;
      },
    };
  }
}
