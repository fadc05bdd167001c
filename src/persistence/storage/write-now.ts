import { codeOf } from "./system-call.ts";

/** What it takes of Node's `fs`. */
export interface SynchronousWrite {
  writeSync(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number;
}

/** More bytes than these are another thread's work. */
const FEW = 16 * 1024;

/** Milliseconds from which on a write was slow, and how many of those there may be. */
const SLOW = 1;
const PATIENCE = 3;

/**
 * Writes few bytes on this thread: a system takes them into its memory in a fraction of the time that handing them to another
 * thread takes, and waiting for it. Where it turns out that it does not, as on a file system that syncs every write,
 * this thread is not kept waiting again.
 */
export class WriteNow {
  readonly #fs: SynchronousWrite;
  readonly #fd: number;
  #slow = 0;

  constructor(fs: SynchronousWrite, fd: number) {
    this.#fs = fs;
    this.#fd = fd;
  }

  /** How many bytes were written; 0 where that is to be done otherwise. @throws what the system says */
  take(bytes: Uint8Array, from: number, position: number): number {
    const length = bytes.length - from;
    if (length > FEW || this.#slow >= PATIENCE) return 0;
    const began = performance.now();
    try {
      return this.#fs.writeSync(this.#fd, bytes, from, length, position);
    } catch (error) {
      const code = codeOf(error);
      if (code === "EINTR" || code === "EAGAIN") return 0;
      throw error;
    } finally {
      if (performance.now() - began > SLOW) this.#slow++;
    }
  }
}
