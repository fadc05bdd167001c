import { IoError, UnsupportedError, ValidationError } from "../../../errors.ts";
import { NewFile, type WritableHandle } from "../file-handles.ts";
import { LockedError } from "../locked-error.ts";
import { type FileWriter, folderOf, type Storage, type StorageLock, type StoredEntry, type StoredFile } from "../storage.ts";
import { closeQuietly, failure } from "../system-call.ts";
import { contentEntry, type Entries, type Meaning, nameEntry, newId, readEntries } from "./entries.ts";
import { takeLock, takeLockWithin } from "./held-lock.ts";
import { openToWrite } from "./open-to-write.ts";
import { OpfsFile } from "./opfs-file.ts";
import { type Locks, nameOf, type OpfsFileHandle, type OpfsFolder, rootFolder, webLocks } from "./platform.ts";

/** A page that is going away holds its locks for a moment. */
const PATIENCE_MS = 500;
/** How often a name is looked up again whose content was replaced and removed meanwhile. */
const ATTEMPTS = 100;

/**
 * Files in the origin private file system of a browser, below a folder: seen by all pages and workers of the origin and
 * by nobody else, until the user clears the site's data, or the browser does where space is short
 * (`navigator.storage.persist()` asks it not to).
 *
 * Pages and dedicated workers read and write; a page writes through a worker that is started for it from a `blob:` URL, and so
 * does a shared worker where it can start one, as in Firefox. Other shared workers, and service workers, only read, and so does
 * everyone in a browser that opens no file to write, as WebKitGTK 2.50. What was synced outlives the page and the browser; whether it outlives a
 * loss of power is the browser's affair. Needs https or localhost, and Web Locks.
 */
export class OpfsStorage implements Storage {
  readonly location: string;
  readonly durability = "local";
  readonly #root: readonly string[];

  /** @param root the folder, such as "shop/orders"; made when something is first written. @throws ValidationError */
  constructor(root: string) {
    const parts = typeof root === "string" ? root.replace(/^\/|\/$/g, "").split("/") : [];
    if (parts.length === 0 || parts.some((part) => part === "" || part === "." || part === ".." || /[\\\0]/.test(part)))
      throw new ValidationError({
        entity: "OpfsStorage",
        field: "root",
        value: root,
        expected: 'a folder such as "shop/orders"',
      });
    this.#root = parts;
    this.location = `opfs:/${parts.join("/")}`;
  }

  async open(name: string): Promise<StoredFile | null> {
    const path = this.#path(name);
    return this.#doing("open", path, async () => {
      const folder = await this.#folder(folderOf(name));
      if (folder === null) return null;
      for (let attempt = 1; ; attempt++) {
        const meaning = (await readEntries(folder)).names.get(baseOf(name));
        if (meaning === undefined) return null;
        // While it is held nobody removes the content.
        const pin = await takeLock(this.#locks, this.#pinOf(name, meaning.id), "shared");
        try {
          const handle = await folder.getFileHandle(contentEntry(meaning.id));
          return new OpfsFile(path, handle, await handle.getFile(), async () => {
            await pin.release();
            await this.#letGo(name, meaning.id);
          });
        } catch (error) {
          await pin.release();
          if (nameOf(error) !== "NotFoundError" || attempt === ATTEMPTS) throw error;
        }
      }
    });
  }

  async create(name: string): Promise<FileWriter> {
    const path = this.#path(name);
    return this.#doing("create", path, () =>
      this.#changing(name, async (folder, entries) => {
        if (entries.names.has(baseOf(name))) throw new IoError(`cannot create ${path}: it is there already`);
        const id = newId();
        const content = await folder.getFileHandle(contentEntry(id), { create: true });
        const handle = await this.#openToWrite(name, content, id);
        try {
          await this.#name(folder, name, { generation: 1, id });
        } catch (error) {
          await closeQuietly(handle);
          throw error;
        }
        return new NewFile(path, handle);
      }),
    );
  }

  async rename(from: string, to: string): Promise<void> {
    const path = this.#path(from);
    let done = false;
    try {
      await this.#changing(from, async (folder, { names }) => {
        const meaning = names.get(baseOf(from));
        if (meaning === undefined) throw new Error("there is no such file");
        if (folderOf(from) !== folderOf(to)) throw new Error(`${to} is in another folder`);
        const old = names.get(baseOf(to));
        // From here on the new name counts, whatever becomes of the old entries.
        done = true;
        await this.#name(folder, to, { generation: (old?.generation ?? 0) + 1, id: meaning.id });
        await folder.removeEntry(nameEntry(baseOf(from), meaning));
      });
    } catch (cause) {
      throw failure("rename", path, cause, done ? "unknown" : "failed");
    }
  }

  async putIfAbsent(name: string, bytes: Uint8Array): Promise<boolean> {
    const path = this.#path(name);
    return this.#doing("store", path, () =>
      this.#changing(name, async (folder, { names }) => {
        if (names.has(baseOf(name))) return false;
        const id = newId();
        const content = await folder.getFileHandle(contentEntry(id), { create: true });
        const writer = new NewFile(path, await this.#openToWrite(name, content, id));
        try {
          await writer.write(bytes);
          await writer.sync();
        } finally {
          await writer.close();
        }
        await this.#name(folder, name, { generation: 1, id });
        return true;
      }),
    );
  }

  async list(folder: string): Promise<StoredEntry[]> {
    return this.#doing("list", this.#path(folder), async () => {
      const handle = await this.#folder(folder);
      if (handle === null) return [];
      const entries: StoredEntry[] = [];
      for (const [name, { id }] of (await readEntries(handle)).names) {
        try {
          const { size } = await (await handle.getFileHandle(contentEntry(id))).getFile();
          entries.push({ name, size });
        } catch (error) {
          // Removed since.
          if (nameOf(error) !== "NotFoundError") throw error;
        }
      }
      return entries;
    });
  }

  async remove(name: string): Promise<void> {
    await this.#doing("remove", this.#path(name), async () => {
      if ((await this.#folder(folderOf(name))) === null) return;
      await this.#changing(name, async (folder, { names }) => {
        const meaning = names.get(baseOf(name));
        if (meaning !== undefined) await folder.removeEntry(nameEntry(baseOf(name), meaning));
      });
    });
  }

  async createFolder(folder: string): Promise<void> {
    await this.#doing("create", this.#path(folder), async () => {
      let handle = await rootFolder(this.location);
      for (const part of this.#parts(folder)) handle = await handle.getDirectoryHandle(part, { create: true });
    });
  }

  /** Nothing is to be done: entries are the browser's to keep. */
  async syncFolder(_folder: string): Promise<void> {}

  async lock(name: string): Promise<StorageLock> {
    const path = this.#path(name);
    const lock = await this.#doing("lock", path, () => takeLockWithin(this.#locks, `faun lock ${path}`, PATIENCE_MS));
    if (lock === null) throw new LockedError(this.location, { pid: undefined, host: undefined, since: undefined });
    return lock;
  }

  get #locks(): Locks {
    return webLocks(this.location);
  }

  #path(name: string): string {
    return name === "" ? this.location : `${this.location}/${name}`;
  }

  #parts(folder: string): string[] {
    return [...this.#root, ...folder.split("/").filter((part) => part !== "")];
  }

  /** Null where it is not there. */
  async #folder(folder: string): Promise<OpfsFolder | null> {
    try {
      let handle = await rootFolder(this.location);
      for (const part of this.#parts(folder)) handle = await handle.getDirectoryHandle(part);
      return handle;
    } catch (error) {
      if (nameOf(error) === "NotFoundError") return null;
      throw error;
    }
  }

  /** Readers hold it shared for as long as they have the content open. */
  #pinOf(name: string, id: string): string {
    return `faun file ${this.#path(folderOf(name))} ${id}`;
  }

  #openToWrite(name: string, content: OpfsFileHandle, id: string): Promise<WritableHandle> {
    return openToWrite(this.location, content, [...this.#parts(folderOf(name)), contentEntry(id)]);
  }

  async #name(folder: OpfsFolder, name: string, meaning: Meaning): Promise<void> {
    await folder.getFileHandle(nameEntry(baseOf(name), meaning), { create: true });
  }

  /** Changes the names of a folder, one after the other over all pages and workers, and removes what is of no use any more. */
  #changing<R>(name: string, change: (folder: OpfsFolder, entries: Entries) => Promise<R>): Promise<R> {
    return this.#locks.request(`faun folder ${this.#path(folderOf(name))}`, {}, async () => {
      const folder = await this.#folder(folderOf(name));
      if (folder === null) throw new IoError(`there is no folder ${this.#path(folderOf(name))}`);
      const entries = await readEntries(folder);
      // Before anything else: a name that is removed must not mean again what it meant before.
      for (const entry of entries.outdated) await folder.removeEntry(entry);
      const result = await change(folder, entries);
      await this.#sweep(folder, name);
      return result;
    });
  }

  /** Removes contents without a name that nobody reads. What cannot be removed now goes another time. */
  async #sweep(folder: OpfsFolder, name: string): Promise<void> {
    try {
      const { names, ids, outdated } = await readEntries(folder);
      for (const entry of outdated) await folder.removeEntry(entry);
      const meant = new Set(Array.from(names.values(), ({ id }) => id));
      for (const id of ids) {
        if (meant.has(id)) continue;
        await this.#locks.request(this.#pinOf(name, id), { mode: "exclusive", ifAvailable: true }, async (lock) => {
          if (lock !== null) await folder.removeEntry(contentEntry(id)).catch(() => {});
        });
      }
    } catch {}
  }

  /** A reader is done: it may have been the last of a content that has no name any more. */
  async #letGo(name: string, id: string): Promise<void> {
    try {
      const folder = await this.#folder(folderOf(name));
      if (folder === null) return;
      const { names } = await readEntries(folder);
      if (![...names.values()].some((meaning) => meaning.id === id)) await this.#changing(name, async () => {});
    } catch {}
  }

  async #doing<R>(what: string, path: string, run: () => Promise<R>): Promise<R> {
    try {
      return await run();
    } catch (cause) {
      throw cause instanceof UnsupportedError ? cause : failure(what, path, cause);
    }
  }
}

/** A name without its folder. */
const baseOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);
