import { UnsupportedError } from "../../../errors.ts";

// What is used of the origin private file system (WHATWG File System) and of Web Locks. The compiler's own declarations
// have parts of it only for workers.

/** A file that is open to be written to, by one at a time; in dedicated workers. */
export interface SyncAccessHandle {
  /** @returns bytes taken */
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  flush(): void;
  close(): void;
}

export interface OpfsFileHandle {
  readonly kind: "file";
  /** The file as it is now: reading it fails once it was changed. */
  getFile(): Promise<Blob>;
  createSyncAccessHandle?(): Promise<SyncAccessHandle>;
}

export interface OpfsFolder {
  readonly kind: "directory";
  getFileHandle(name: string, options?: { readonly create: boolean }): Promise<OpfsFileHandle>;
  getDirectoryHandle(name: string, options?: { readonly create: boolean }): Promise<OpfsFolder>;
  removeEntry(name: string): Promise<void>;
  keys(): AsyncIterable<string>;
}

export interface LockRequest {
  readonly mode?: "exclusive" | "shared";
  readonly ifAvailable?: boolean;
  readonly signal?: AbortSignal;
}

export interface Locks {
  /** `run` is given null where `ifAvailable` was asked for and the lock is not. Settles as `run` does, once the lock is released. */
  request<R>(name: string, options: LockRequest, run: (lock: object | null) => Promise<R>): Promise<R>;
}

interface Platform {
  readonly navigator?: {
    readonly storage?: { getDirectory?(): Promise<OpfsFolder> };
    readonly locks?: Locks;
  };
}

const NEEDED = "which pages and workers of browsers have, over https or on localhost";

/** @throws UnsupportedError where there is no such file system */
export async function rootFolder(place: string): Promise<OpfsFolder> {
  const { storage } = (globalThis as unknown as Platform).navigator ?? {};
  if (storage?.getDirectory === undefined) throw new UnsupportedError(`${place} needs the origin private file system, ${NEEDED}`);
  return storage.getDirectory();
}

/** @throws UnsupportedError where there are none */
export function webLocks(place: string): Locks {
  const { locks } = (globalThis as unknown as Platform).navigator ?? {};
  if (locks === undefined) throw new UnsupportedError(`${place} needs Web Locks, ${NEEDED}`);
  return locks;
}

/** The name of a DOMException, such as NotFoundError. */
export const nameOf = (error: unknown): string => (error instanceof Error || error instanceof DOMException ? error.name : "");
