import { FaunError, UnsupportedError } from "../../../errors.ts";
import type { WritableHandle } from "../file-handles.ts";
import { nameOf, type OpfsFileHandle } from "./platform.ts";
import { WriteWorker } from "./write-worker.ts";

let worker: WriteWorker | null = null;

/**
 * Opens an empty file to be written to: here in a dedicated worker, by a worker of its own in a page.
 * @param path folders from the root on, and the file's own name
 * @throws UnsupportedError where neither can be, as in shared workers and service workers, or the browser keeps no file open
 */
export async function openToWrite(place: string, file: OpfsFileHandle, path: readonly string[]): Promise<WritableHandle> {
  try {
    return await openHere(place, file, path);
  } catch (error) {
    if (nameOf(error) !== "NotSupportedError") throw error;
    throw new UnsupportedError(
      `${place}: this browser has no createSyncAccessHandle() that works, without which nothing can be written; it can be read`,
    );
  }
}

async function openHere(place: string, file: OpfsFileHandle, path: readonly string[]): Promise<WritableHandle> {
  if (file.createSyncAccessHandle !== undefined) {
    const handle = await file.createSyncAccessHandle();
    return {
      write: async (bytes, offset, length, at) => ({
        bytesWritten: handle.write(bytes.subarray(offset, offset + length), { at }),
      }),
      datasync: async () => handle.flush(),
      close: async () => handle.close(),
    };
  }
  if (typeof Worker === "undefined")
    throw new UnsupportedError(`${place}: only pages and dedicated workers can write here; it can be read`);
  worker ??= new WriteWorker(place);
  return through(worker, path);
}

async function through(writer: WriteWorker, path: readonly string[]): Promise<WritableHandle> {
  const number = writer.newFile();
  try {
    await writer.ask(number, { kind: "open", path });
  } catch (error) {
    // What was in the way may be gone when the next file is written.
    if (error instanceof FaunError && worker === writer) worker = null;
    throw error;
  }
  return {
    async write(bytes, offset, length, at) {
      // A view is sent with all that it is a view of, and shared memory not at all.
      const own = new Uint8Array(bytes.subarray(offset, offset + length));
      await writer.ask(number, { kind: "write", bytes: own, at }, [own.buffer]);
      return { bytesWritten: length };
    },
    datasync: () => writer.ask(number, { kind: "flush" }),
    close: () => writer.ask(number, { kind: "close" }),
  };
}
