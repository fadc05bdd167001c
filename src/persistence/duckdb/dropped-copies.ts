interface Port {
  postMessage(message: null, transfer: readonly ArrayBuffer[]): void;
  close(): void;
}

const { MessageChannel } = globalThis as { MessageChannel?: new () => { readonly port1: Port; readonly port2: Port } };

/** Smaller ones are not worth it. */
const LARGE = 1024;

/** Given up at a time. */
const BATCH = 256;

let nowhere: Port | null | undefined;

/** A port that is closed: what is transferred to it is freed. */
function portToNowhere(): Port | null {
  if (nowhere === undefined) {
    const channel = MessageChannel === undefined ? undefined : new MessageChannel();
    channel?.port1.close();
    channel?.port2.close();
    nowhere = channel?.port1 ?? null;
  }
  return nowhere;
}

/**
 * Buffers that nobody reads any more, freed before the collector finds them. Of an engine's vectors there are thousands,
 * 16 KB each: V8 counts them as memory outside of its heap, and each 64 MB begin a collection of all there is. Transferring
 * them takes 0.3 µs each.
 */
export class DroppedCopies {
  #buffers: ArrayBuffer[] = [];

  /** Gives up the buffer of these bytes, if all of it is theirs. They must not be read from now on. */
  add(bytes: Uint8Array): void {
    if (bytes.byteLength < LARGE || bytes.byteLength !== bytes.buffer.byteLength || !(bytes.buffer instanceof ArrayBuffer))
      return;
    if (this.#buffers.push(bytes.buffer) >= BATCH) this.free();
  }

  free(): void {
    const buffers = this.#buffers;
    if (buffers.length === 0) return;
    this.#buffers = [];
    try {
      portToNowhere()?.postMessage(null, buffers);
    } catch {
      // Memory that may not be transferred is left to the collector, now and later.
      nowhere = null;
    }
  }
}
