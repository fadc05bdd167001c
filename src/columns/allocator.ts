/**
 * Where column bytes come from. Every slab starts at a multiple of 64 bytes within its
 * buffer, as the Arrow columnar format recommends, and is zero-filled.
 */

export const ALIGNMENT = 64;

// No bit operators: sizes may pass 2^31.
export const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** A range of a buffer, owned by one column. */
export class Slab {
  /** Somebody outside the store may hold these bytes (chunks(), rawArray(), Arrow, a worker): never reuse them. */
  handedOut = false;

  constructor(
    readonly buffer: ArrayBuffer | SharedArrayBuffer,
    readonly byteOffset: number,
    readonly byteLength: number,
  ) {}
}

export interface AllocatorStats {
  /** Bytes of columns in use. */
  liveBytes: number;
  /** Bytes given back and kept for the next column. Always 0 on the heap, where the collector takes them. */
  deadBytes: number;
  /** Bytes no longer used by the store that somebody outside may still read. Always 0 on the heap. */
  pinnedBytes: number;
}

/** Hands out slabs to the columns of one store. */
export interface Allocator {
  readonly kind: "heap" | "shared";
  /** A zero-filled slab of at least `byteLength` bytes. @throws RangeError when memory runs out */
  allocate(byteLength: number): Slab;
  /** The column is done with the slab. `reusable` is false when a snapshot may still read it. */
  release(slab: Slab, reusable: boolean): void;
  stats(): AllocatorStats;
}

/** `"heap"` (the default): array buffers of their own. `"shared"`: shared WebAssembly memory, for SIMD kernels and workers. */
export type AllocatorChoice = "heap" | "shared" | (() => Allocator);
