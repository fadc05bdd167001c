import { IoError, UnsupportedError } from "../../errors.ts";
import type { FileHandle } from "./file-system.ts";
import { LockedError, type LockHolder } from "./locked-error.ts";
import { nodeBuiltin } from "./node-builtin.ts";
import type { StorageLock } from "./storage.ts";

/** The part of `fs-native-extensions` that is used: locks of the operating system, which go with the process that holds them. */
interface NativeLocks {
  tryLock(fd: number, offset: number, length: number, options?: { shared: boolean }): boolean;
  unlock(fd: number, offset: number, length: number): void;
}

/** The byte that is locked. Far behind those that are written: on Windows a locked byte cannot be read. */
const LOCKED_BYTE = 2 ** 30;
/** A lock file says no more than a line of JSON. */
const MAX_BYTES = 1024;
/** Others hold the lock for a moment when they clean up. */
const PATIENCE_MS = 250;

/**
 * Takes the lock of a lock file, which stays there when it is released: whoever removed it would let the next one
 * lock another file. The operating system gives the lock back when the process ends, however it ends.
 * @param path names it in messages
 * @param open opens the file to read and write, and makes it where it is not there
 * @throws LockedError naming the holder
 */
export async function lockFile(path: string, place: string, open: () => Promise<FileHandle>): Promise<StorageLock> {
  const native = nativeLocks(place);
  const handle = await open();
  try {
    await acquire(native, handle, path, place);
  } catch (error) {
    await handle.close();
    throw error;
  }
  held.add(handle);
  return {
    async release() {
      if (!held.delete(handle)) return;
      native.unlock(handle.fd, LOCKED_BYTE, 1);
      await handle.close();
    },
  };
}

/**
 * Who holds the lock of a lock file; null where nobody does. No writer is kept out by asking: what finds the lock free is a
 * shared one, given back at once, and writers try again for longer than that.
 * @param open opens the file to be read
 * @throws UnsupportedError where locks cannot be asked for, IoError
 */
export async function lockHolder(path: string, place: string, open: () => Promise<FileHandle>): Promise<LockHolder | null> {
  const native = nativeLocks(place);
  const handle = await open();
  try {
    if (!tryLock(native, handle, path, { shared: true })) return await readHolder(handle);
    native.unlock(handle.fd, LOCKED_BYTE, 1);
    return null;
  } finally {
    await handle.close();
  }
}

async function acquire(native: NativeLocks, handle: FileHandle, path: string, place: string): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (!tryLock(native, handle, path)) {
    if (performance.now() > until) throw new LockedError(place, await readHolder(handle));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const line = new TextEncoder().encode(`${JSON.stringify(self())}\n`);
  await handle.truncate(0);
  await handle.write(line, 0, line.length, 0);
}

function tryLock(native: NativeLocks, handle: FileHandle, path: string, options = { shared: false }): boolean {
  try {
    return native.tryLock(handle.fd, LOCKED_BYTE, 1, options);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new IoError(`${path}: the file system gives no lock: ${why}`, { cause });
  }
}

function self(): { pid: number; host: string; since: string } {
  const { process } = globalThis as unknown as { process: { pid: number } };
  const { hostname } = nodeBuiltin<{ hostname(): string }>("node:os", "a lock file");
  return { pid: process.pid, host: hostname(), since: new Date().toISOString() };
}

/** What the holder wrote into the file; it may be about to. */
async function readHolder(handle: FileHandle): Promise<LockHolder> {
  const bytes = new Uint8Array(MAX_BYTES);
  try {
    const { bytesRead } = await handle.read(bytes, 0, MAX_BYTES, 0);
    const { pid, host, since } = JSON.parse(new TextDecoder().decode(bytes.subarray(0, bytesRead)));
    return {
      pid: typeof pid === "number" ? pid : undefined,
      host: typeof host === "string" ? host : undefined,
      since: typeof since === "string" && !Number.isNaN(Date.parse(since)) ? new Date(since) : undefined,
    };
  } catch {
    return { pid: undefined, host: undefined, since: undefined };
  }
}

/** Keeps them from being collected, which would close them and give the lock away. */
const held = new Set<FileHandle>();

let loaded: NativeLocks | null = null;

/** By `require`, so that bundlers leave the native code alone. */
function nativeLocks(place: string): NativeLocks {
  if (loaded !== null) return loaded;
  const { createRequire } = nodeBuiltin<{ createRequire(from: string): (name: string) => unknown }>("node:module", place);
  try {
    loaded = createRequire(import.meta.url)("fs-native-extensions") as NativeLocks;
  } catch (cause) {
    throw new UnsupportedError(
      `${place}: writing needs the package fs-native-extensions for its lock: npm install fs-native-extensions` +
        " (or give a FileStorage with { lock: false } where nothing else writes to the folder)",
      { cause },
    );
  }
  return loaded;
}
