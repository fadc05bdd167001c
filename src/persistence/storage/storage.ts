import type { Commit } from "../backend.ts";

/**
 * Where bytes are kept, by name: files in a folder, later objects in a bucket. All input and output of the backends
 * whose format is ours goes through here.
 *
 * Names are relative to the storage's root, with forward slashes: `data.parquet`, `log/00000001`. Failures are
 * IoErrors that name the operation and the place; what a call that failed did is told by each.
 */
export interface Storage {
  /** The root, as messages name it. */
  readonly location: string;
  /** What bytes outlive that were synced. */
  readonly durability: Commit["durability"];

  /** Opens what is stored under a name now; null where there is nothing. */
  open(name: string): Promise<StoredFile | null>;

  /** Begins a new file. Readers may see it before it is closed. @throws IoError, also where the name is taken */
  create(name: string): Promise<FileWriter>;

  /**
   * Begins a new file with the first `length` bytes of another, as if they had been written. Left out, and null, where
   * nothing is gained over reading and writing them.
   * @param from opened of this storage
   * @throws IoError
   */
  createFrom?(name: string, from: StoredFile, length: number): Promise<FileWriter | null>;

  /**
   * Gives a file another name, in the same folder, in place of the one that had it. At once: whoever opens the name
   * gets the old file or the new one. It outlives a crash once the folder is synced. Who writes the file writes on.
   * @throws IoError whose `outcome` is "unknown" where it may have been done
   */
  rename(from: string, to: string): Promise<void>;

  /** Stores a small file whole and durable unless the name is taken; tells whether it did. Of several at once, one does. */
  putIfAbsent(name: string, bytes: Uint8Array): Promise<boolean>;

  /** The files directly in a folder ("" is the root), in no order; none where there is no folder. */
  list(folder: string): Promise<StoredEntry[]>;

  /** Removes a file. Nothing happens where there is none. Who has it open reads on. */
  remove(name: string): Promise<void>;

  /** Makes a folder with those above it, durably. Again is fine. */
  createFolder(folder: string): Promise<void>;

  /** Makes creations, renames and removals in a folder durable. After a failure those of before are durable by no later call. */
  syncFolder(folder: string): Promise<void>;

  /**
   * Keeps others, here and in other processes, from taking the same lock until it is released or this process ends,
   * however it ends.
   * @throws LockedError naming the holder, IoError, UnsupportedError where locks cannot be had
   */
  lock(name: string): Promise<StorageLock>;
}

/** The content of a name at the moment it was opened, whatever becomes of the name. */
export interface StoredFile {
  /** In bytes. */
  readonly size: number;
  /** `length` bytes from `offset` on. @throws IoError, also where the file is shorter */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Fills memory, which may be shared with other threads, with the bytes from `offset` on. Left out where `read` does as
   * well.
   * @throws IoError, also where the file is shorter
   */
  readInto?(offset: number, into: Uint8Array): Promise<void>;
  /** Twice is fine. */
  close(): Promise<void>;
}

export interface FileWriter {
  /** Bytes written so far. */
  readonly position: number;
  /** Writes all bytes behind the others; once it resolves, they may be changed. After a failure the file is of no use. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Makes the file longer by zeros, so that it has so many bytes of room behind what was written: later writes go there, and
   * need not make it grow when they are synced. Only of storage where that pays. What a crash leaves there is anything.
   * Never fails: gives false where there is not so much room.
   */
  reserve?(bytes: number): Promise<boolean>;
  /** Makes what was written durable. A failure is final: syncing again proves nothing, and is refused. */
  sync(): Promise<void>;
  /** Twice is fine. */
  close(): Promise<void>;
}

export interface StoredEntry {
  /** Without the folder. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
}

export interface StorageLock {
  /** Twice is fine. */
  release(): Promise<void>;
}

/** Folder of a name: "" for one in the root. */
export const folderOf = (name: string): string => name.slice(0, Math.max(name.lastIndexOf("/"), 0));

/** Whether something that a user gave can be a storage. */
export const isStorage = (place: unknown): place is Storage =>
  typeof (place as Partial<Storage> | null | undefined)?.open === "function";
