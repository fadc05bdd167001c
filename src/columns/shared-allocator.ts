import { UnsupportedError } from "../errors.ts";
import { type Allocator, type AllocatorStats, align, Slab } from "./allocator.ts";

const PAGE = 65_536;
/** The first bytes of every arena, for whoever computes in it: kernels of each thread write masks, row numbers and sums there. */
export const SCRATCH_BYTES = 16 * PAGE;
/** Small, so that a dropped store returns its memory soon: one view of a few bytes keeps a whole arena. */
const MAX_PAGES = (256 << 20) / PAGE;
/** Slabs up to this size never open an arena: a store of ten rows costs no WebAssembly memory. */
const SMALL = 16_384;

/**
 * Slabs in shared WebAssembly memories ("arenas") of up to 256 MiB each, opened as needed.
 * Released slabs that nobody else can hold are reused by size; the others stay until the
 * arena itself is collected.
 */
export class SharedAllocator implements Allocator {
  readonly kind = "shared";
  readonly #arenas: Arena[] = [];
  readonly #free = new Map<number, Slab[]>();
  #liveBytes = 0;
  #deadBytes = 0;
  #pinnedBytes = 0;
  readonly #small: number;

  /** `small`: slabs up to this many bytes lie outside the arenas. */
  constructor(small: number = SMALL) {
    this.#small = small;
    if (typeof SharedArrayBuffer === "undefined") {
      throw new UnsupportedError(
        'the "shared" allocator needs SharedArrayBuffer; in a browser, serve the page cross-origin isolated or use "heap"',
      );
    }
  }

  allocate(byteLength: number): Slab {
    const bytes = align(byteLength);
    this.#liveBytes += bytes;
    const reused = this.#free.get(bytes)?.pop();
    if (reused !== undefined) {
      this.#deadBytes -= bytes;
      new Uint8Array(reused.buffer, reused.byteOffset, reused.byteLength).fill(0);
      return reused;
    }
    if (bytes <= this.#small) return new Slab(new SharedArrayBuffer(bytes), 0, bytes);
    if (bytes > MAX_PAGES * PAGE - SCRATCH_BYTES) return new Arena(Math.ceil((SCRATCH_BYTES + bytes) / PAGE)).take(bytes) as Slab;
    const slab = this.#arenas.at(-1)?.take(bytes);
    if (slab !== undefined) return slab;
    const arena = new Arena(MAX_PAGES);
    this.#arenas.push(arena);
    return arena.take(bytes) as Slab;
  }

  release(slab: Slab, reusable: boolean): void {
    this.#liveBytes -= slab.byteLength;
    if (slab.handedOut || !reusable) {
      this.#pinnedBytes += slab.byteLength;
      return;
    }
    this.#deadBytes += slab.byteLength;
    const free = this.#free.get(slab.byteLength);
    if (free === undefined) this.#free.set(slab.byteLength, [slab]);
    else free.push(slab);
  }

  stats(): AllocatorStats {
    return { liveBytes: this.#liveBytes, deadBytes: this.#deadBytes, pinnedBytes: this.#pinnedBytes };
  }
}

const memories = new WeakMap<object, WebAssembly.Memory>();

/** The memory that a buffer is one view of; undefined for buffers outside the arenas. */
export const memoryOf = (buffer: ArrayBufferLike): WebAssembly.Memory | undefined => memories.get(buffer);

/** One shared WebAssembly memory, filled from the bottom and grown as needed up to its maximum. */
class Arena {
  readonly #memory: WebAssembly.Memory;
  readonly #maxPages: number;
  #used = SCRATCH_BYTES;

  constructor(maxPages: number) {
    this.#maxPages = maxPages;
    this.#memory = new WebAssembly.Memory({ initial: SCRATCH_BYTES / PAGE, maximum: maxPages, shared: true });
  }

  take(bytes: number): Slab | undefined {
    const end = this.#used + bytes;
    const pages = this.#memory.buffer.byteLength / PAGE;
    const needed = Math.ceil(end / PAGE);
    if (needed > this.#maxPages) return undefined;
    // Doubling keeps the number of grown buffers small. Slabs made before a grow keep the older,
    // shorter SharedArrayBuffer: it stays valid and shows the same bytes.
    if (needed > pages) this.#memory.grow(Math.min(this.#maxPages, Math.max(needed, pages * 2)) - pages);
    const { buffer } = this.#memory;
    memories.set(buffer, this.#memory);
    const slab = new Slab(buffer as unknown as SharedArrayBuffer, this.#used, bytes);
    this.#used = end;
    return slab;
  }
}
