import { type Allocator, type AllocatorStats, align, Slab } from "./allocator.ts";

/** One plain ArrayBuffer a slab; what is released is the garbage collector's. */
export class HeapAllocator implements Allocator {
  readonly kind = "heap";
  #liveBytes = 0;

  allocate(byteLength: number): Slab {
    const slab = new Slab(new ArrayBuffer(align(byteLength)), 0, align(byteLength));
    this.#liveBytes += slab.byteLength;
    return slab;
  }

  release(slab: Slab): void {
    this.#liveBytes -= slab.byteLength;
  }

  stats(): AllocatorStats {
    return { liveBytes: this.#liveBytes, deadBytes: 0, pinnedBytes: 0 };
  }
}
