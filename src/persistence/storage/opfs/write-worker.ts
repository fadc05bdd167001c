import { UnsupportedError } from "../../../errors.ts";

/** What the worker is asked to do with the file of a number. */
export type WriteRequest =
  /** Folders from the root on, and the file. Not its handle, which WebKit cannot send to a worker. */
  | { readonly kind: "open"; readonly path: readonly string[] }
  | { readonly kind: "write"; readonly bytes: Uint8Array; readonly at: number }
  | { readonly kind: "flush" }
  | { readonly kind: "close" };

interface Reply {
  readonly call: number;
  readonly error?: { readonly name: string; readonly message: string };
}

/**
 * Writes files for pages, which may not hold them open themselves. A string, for it is started without a file: bundlers
 * need not know of it.
 */
const SCRIPT = `"use strict";
const files = new Map();
async function run({ kind, path, bytes, at }, file) {
  if (kind === "open") {
    let folder = await navigator.storage.getDirectory();
    for (const part of path.slice(0, -1)) folder = await folder.getDirectoryHandle(part);
    files.set(file, await (await folder.getFileHandle(path.at(-1))).createSyncAccessHandle());
  } else if (kind === "write") {
    for (let done = 0; done < bytes.length; ) {
      const taken = files.get(file).write(bytes.subarray(done), { at: at + done });
      if (taken === 0) throw new Error("no byte was taken");
      done += taken;
    }
  } else if (kind === "flush") {
    files.get(file).flush();
  } else {
    files.get(file).close();
    files.delete(file);
  }
}
onmessage = async ({ data: { call, file, request } }) => {
  try {
    await run(request, file);
    postMessage({ call });
  } catch (error) {
    postMessage({ call, error: { name: error.name, message: error.message } });
  }
};`;

/** The worker, and who waits for it. It lives as long as the page. */
export class WriteWorker {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve(): void; reject(error: unknown): void }>();
  #failed: UnsupportedError | null = null;
  #calls = 0;
  #files = 0;

  /** @throws where the platform has no workers, or refuses */
  constructor(place: string) {
    const url = URL.createObjectURL(new Blob([SCRIPT], { type: "text/javascript" }));
    this.#worker = new Worker(url, { name: "faun opfs" });
    this.#worker.onmessage = ({ data: { call, error } }: MessageEvent<Reply>) => {
      const waiting = this.#waiting.get(call);
      this.#waiting.delete(call);
      if (error === undefined) waiting?.resolve();
      else waiting?.reject(Object.assign(new Error(error.message), { name: error.name }));
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#failed = new UnsupportedError(
        `${place}: a page writes through a worker, which could not be started; its content security policy must have worker-src blob:, or use the storage in a dedicated worker`,
      );
      for (const { reject } of this.#waiting.values()) reject(this.#failed);
      this.#waiting.clear();
    };
  }

  /** A number for a file. */
  newFile(): number {
    return ++this.#files;
  }

  /** @throws UnsupportedError where the worker could not be started, else what the file system throws */
  ask(file: number, request: WriteRequest, transfer: Transferable[] = []): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== null) throw this.#failed;
      const call = ++this.#calls;
      this.#worker.postMessage({ call, file, request }, transfer);
      this.#waiting.set(call, { resolve, reject });
    });
  }
}
