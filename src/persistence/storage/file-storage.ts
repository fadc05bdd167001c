import { IoError } from "../../errors.ts";
import { removeQuietly, temporaryName } from "./atomic-replace.ts";
import { NewFile, OpenFile } from "./file-handles.ts";
import { lockFile } from "./file-lock.ts";
import type { FileHandle, FileSystem } from "./file-system.ts";
import { nodeBuiltin } from "./node-builtin.ts";
import { assertPath } from "./path.ts";
import { type FileWriter, folderOf, type Storage, type StorageLock, type StoredEntry, type StoredFile } from "./storage.ts";
import { closeQuietly, codeOf, doing, failure, patiently } from "./system-call.ts";
import { type SynchronousWrite, WriteNow } from "./write-now.ts";

export interface FileStorageOptions {
  /** What stands in for Node's `fs/promises`. */
  fileSystem?: FileSystem;
  /**
   * How locks are taken. Default: by the operating system, which gives them back when a process ends. `false`: not at
   * all, for folders that nothing else writes to.
   */
  lock?: false | ((path: string) => Promise<StorageLock>);
}

/** Modes of copying: of files that must not be there, and by sharing extents where that can be had. */
const EXCLUSIVE = 1;
const CLONE = 2;

/** Files below a folder, which is made when something is first written. Nothing is opened before it is needed. */
export class FileStorage implements Storage {
  readonly location: string;
  readonly durability = "local";
  /** The folder, wherever the process works later. */
  readonly #root: string;
  readonly #lock: FileStorageOptions["lock"];
  #fs: FileSystem | null;
  /** Null where something stands in for Node's. */
  #fsSync: SynchronousWrite | null = null;
  /** Folders that were made or found. */
  readonly #folders = new Set<string>();
  /** Folders to be synced, for one in them was made or found. */
  readonly #unsynced = new Map<string, "made" | "found">();

  /** @param root the folder, absolute or from where the process works now. @throws ValidationError */
  constructor(root: string, options: FileStorageOptions = {}) {
    assertPath("FileStorage", "root", root, "the path of a folder");
    this.location = root.replace(/(?<=.)[/\\]+$/, "");
    this.#root = options.fileSystem === undefined ? absolute(this.location) : this.location;
    this.#fs = options.fileSystem ?? null;
    this.#lock = options.lock;
  }

  async open(name: string): Promise<StoredFile | null> {
    const path = this.#path(name);
    let handle: FileHandle;
    try {
      handle = await patiently(() => this.#files.open(path, "r"));
    } catch (cause) {
      if (codeOf(cause) === "ENOENT") return null;
      throw failure("open", path, cause);
    }
    try {
      const { size } = await patiently(() => handle.stat());
      return new OpenFile(path, handle, size);
    } catch (cause) {
      await closeQuietly(handle);
      throw failure("open", path, cause);
    }
  }

  async create(name: string): Promise<FileWriter> {
    const path = this.#path(name);
    const handle = await doing("create", path, () => patiently(() => this.#files.open(path, "wx")));
    return this.#newFile(path, handle);
  }

  #newFile(path: string, handle: FileHandle, position = 0): NewFile {
    return new NewFile(path, handle, this.#fsSync === null ? null : new WriteNow(this.#fsSync, handle.fd), position);
  }

  /** By the system's copying: shared extents where the file system has them, else within the kernel. */
  async createFrom(name: string, from: StoredFile, length: number): Promise<FileWriter | null> {
    const path = this.#path(name);
    const copyFile = this.#files.copyFile?.bind(this.#files);
    if (copyFile === undefined || !(from instanceof OpenFile)) return null;
    let handle: FileHandle | null = null;
    try {
      await copyFile(from.path, path, EXCLUSIVE | CLONE);
      handle = await patiently(() => this.#files.open(path, "r+"));
      // The path may have got another file meanwhile; none that went comes back, so it was this one if it still is.
      const [meant, there, copy] = await Promise.all([from.stat(), this.#statOrNone(from.path), handle.stat()]);
      const same = there !== null && meant.ino !== undefined && meant.ino === there.ino && meant.dev === there.dev;
      if (same && copy.size === from.size && length <= copy.size) {
        await handle.truncate(length);
        const writer = this.#newFile(path, handle, length);
        writer.syncAhead();
        return writer;
      }
    } catch (error) {
      if (codeOf(error) === "EEXIST") return null;
    }
    // Writing the bytes does it as well, or tells why not.
    if (handle !== null) await closeQuietly(handle);
    await removeQuietly(this, name);
    return null;
  }

  async rename(from: string, to: string): Promise<void> {
    const path = this.#path(from);
    try {
      await this.#files.rename(path, this.#path(to));
    } catch (cause) {
      throw failure("rename", path, cause, (await this.#isThere(path)) === true ? "failed" : "unknown");
    }
  }

  async putIfAbsent(name: string, bytes: Uint8Array): Promise<boolean> {
    const path = this.#path(name);
    const temporary = temporaryName(name);
    try {
      const writer = await this.create(temporary);
      try {
        await writer.write(bytes);
        await writer.sync();
      } finally {
        await writer.close();
      }
      await this.#files.link(this.#path(temporary), path);
    } catch (cause) {
      if (codeOf(cause) === "EEXIST") return false;
      throw cause instanceof IoError ? cause : failure("store", path, cause);
    } finally {
      await removeQuietly(this, temporary);
    }
    await this.syncFolder(folderOf(name));
    return true;
  }

  async list(folder: string): Promise<StoredEntry[]> {
    const path = this.#path(folder);
    const entries: StoredEntry[] = [];
    try {
      for (const name of await patiently(() => this.#files.readdir(path))) {
        const stat = await this.#statOrNone(`${path}/${name}`);
        if (stat?.isFile() === true) entries.push({ name, size: stat.size });
      }
    } catch (cause) {
      if (codeOf(cause) === "ENOENT") return [];
      throw failure("list", path, cause);
    }
    return entries;
  }

  async remove(name: string): Promise<void> {
    const path = this.#path(name);
    try {
      await this.#files.unlink(path);
    } catch (cause) {
      if (codeOf(cause) !== "ENOENT") throw failure("remove", path, cause);
    }
  }

  async createFolder(folder: string): Promise<void> {
    const path = this.#path(folder);
    await doing("create", path, async () => {
      const fresh: string[] = [];
      try {
        await this.#makeFolder(path, fresh);
        await this.#syncAbove();
      } catch (error) {
        // What a sync failed for is durable by no later one: the next call makes it anew, where nothing is in it.
        for (const one of fresh.reverse()) {
          this.#folders.delete(one);
          await this.#files.rmdir(one).catch(() => {});
        }
        throw error;
      }
    });
  }

  async syncFolder(folder: string): Promise<void> {
    const path = this.#path(folder);
    await doing("sync", path, () => this.#syncFolder(path));
  }

  async lock(name: string): Promise<StorageLock> {
    const path = this.#path(name);
    if (this.#lock === false) return { release: async () => {} };
    if (this.#lock !== undefined) return this.#lock(path);
    return lockFile(path, this.location, () => doing("open", path, () => patiently(() => this.#files.open(path, "a+"))));
  }

  get #files(): FileSystem {
    if (this.#fs === null) {
      this.#fs = nodeBuiltin<FileSystem>("node:fs/promises", `${this.location}: storage in files`);
      this.#fsSync = nodeBuiltin<SynchronousWrite>("node:fs", `${this.location}: storage in files`);
    }
    return this.#fs;
  }

  #path(name: string): string {
    return name === "" ? this.#root : `${this.#root}/${name}`;
  }

  /** undefined where that cannot be found out. */
  async #isThere(path: string): Promise<boolean | undefined> {
    try {
      return (await this.#statOrNone(path)) !== null;
    } catch {
      return undefined;
    }
  }

  async #statOrNone(path: string) {
    try {
      return await patiently(() => this.#files.stat(path));
    } catch (error) {
      if (codeOf(error) === "ENOENT") return null;
      throw error;
    }
  }

  /** @param fresh takes the folders in that were not there, and those below the root that nobody made here */
  async #makeFolder(path: string, fresh: string[], aboveIsThere = false): Promise<void> {
    const above = parentOf(path);
    try {
      await this.#files.mkdir(path);
    } catch (error) {
      const code = codeOf(error);
      // Some folders take no others and say the same, as those of /proc, and one that was removed while a process works in it.
      if (code === "ENOENT" && above !== null && !aboveIsThere) {
        await this.#makeFolder(above, fresh);
        await this.#makeFolder(path, fresh, true);
        return;
      }
      // Roots of drives and folders that may not be written to answer otherwise, though they are there.
      const stat = code === "EEXIST" ? await this.#files.stat(path) : await this.#statOrNone(path).catch(() => null);
      if (stat === null || stat.isFile()) throw error;
      // Whoever made it may have ended before it was durable: once it is seen to.
      if (this.#folders.has(path)) return;
      this.#folders.add(path);
      if (path.startsWith(`${this.#root}/`)) fresh.push(path);
      if (above !== null && !this.#unsynced.has(above)) this.#unsynced.set(above, "found");
      return;
    }
    this.#folders.add(path);
    fresh.push(path);
    if (above !== null) this.#unsynced.set(above, "made");
  }

  /** Makes the folders durable that were made or found; those of a call that failed, too. */
  async #syncAbove(): Promise<void> {
    for (const [folder, what] of this.#unsynced) {
      try {
        await this.#syncFolder(folder);
      } catch (error) {
        // What lies above a folder that others made may be closed to us, or on a file system that syncs no folders.
        if (what === "made" || !NO_SYNC_HERE.has(codeOf(error) ?? "")) throw error;
      }
      this.#unsynced.delete(folder);
    }
  }

  async #syncFolder(path: string): Promise<void> {
    const { platform } = (globalThis as { process?: { platform?: string } }).process ?? {};
    // Windows opens no folders; its file systems keep the order of renames in their journal.
    if (platform === "win32") return;
    const handle = await patiently(() => this.#files.open(path, "r"));
    try {
      await handle.sync();
    } finally {
      await closeQuietly(handle);
    }
  }
}

/** What a folder answers that is not to be read or synced by this process, or by none. */
const NO_SYNC_HERE: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS", "EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"]);

/** Where it is below the folder that the process works in now; as it is where nobody knows that folder. */
function absolute(path: string): string {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  const node = process?.getBuiltinModule?.("node:path") as { resolve(path: string): string } | undefined;
  try {
    return node?.resolve(path) ?? path;
  } catch {
    // It was removed: whatever is done there tells so.
    return path;
  }
}

function parentOf(path: string): string | null {
  const cut = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  if (cut < 0) return path === "." ? null : ".";
  return cut === 0 ? (path.length === 1 ? null : path.slice(0, 1)) : path.slice(0, cut);
}
