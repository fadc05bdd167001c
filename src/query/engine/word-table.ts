import { mix } from "../../soa/key-hash.ts";

const FIRST_SLOTS = 64;

/**
 * Numbers pairs of 32-bit words from 0 on, in the order in which they first appear. Open addressing with linear probing;
 * a slot holds both words and the number, so that a probe touches one cache line.
 */
export class WordTable {
  /** Four words a slot: the pair, its number plus one (0: free), and nothing. */
  #slots = new Uint32Array(FIRST_SLOTS * 4);
  #mask = FIRST_SLOTS - 1;
  /** The pairs by number. */
  #pairs = new Uint32Array(FIRST_SLOTS);
  size = 0;

  /** The pairs, two words each, by number. Numbers that were only reserved have none. */
  get pairs(): Uint32Array {
    return this.#pairs.subarray(0, this.size * 2);
  }

  /** A number that stands for no pair. */
  reserve(): number {
    this.#makeRoom(1);
    return this.size++;
  }

  /** The number of each of `count` pairs. */
  number(pairs: Uint32Array, count: number, out: Uint32Array): void {
    for (let from = 0; from < count; ) {
      // The table grows between stretches and not within, so that the loop stays small.
      const to = Math.min(count, from + Math.max(1024, Math.min(this.size >>> 2, 65_536)));
      this.#makeRoom(to - from);
      this.size = this.#numberStretch(pairs, from, to, out);
      from = to;
    }
  }

  #numberStretch(pairs: Uint32Array, from: number, to: number, out: Uint32Array): number {
    const slots = this.#slots;
    const mask = this.#mask;
    const known = this.#pairs;
    let size = this.size;
    for (let i = from; i < to; i++) {
      const low = pairs[2 * i];
      const high = pairs[2 * i + 1];
      let slot = mix(low ^ Math.imul(high, 0x9e3779b1)) & mask;
      for (;;) {
        const at = slot << 2;
        const number = slots[at + 2];
        if (number === 0) {
          slots[at] = low;
          slots[at + 1] = high;
          known[2 * size] = low;
          known[2 * size + 1] = high;
          out[i] = size++;
          slots[at + 2] = size;
          break;
        }
        if (slots[at] === low && slots[at + 1] === high) {
          out[i] = number - 1;
          break;
        }
        slot = (slot + 1) & mask;
      }
    }
    return size;
  }

  #makeRoom(more: number): void {
    const needed = this.size + more;
    if (needed * 2 > this.#pairs.length) {
      const pairs = new Uint32Array(Math.max(needed * 2, this.#pairs.length * 2));
      pairs.set(this.#pairs);
      this.#pairs = pairs;
    }
    if (needed * 2 <= this.#mask + 1) return;
    let length = this.#mask + 1;
    while (needed * 2 > length) length *= 2;
    this.#rehash(length);
  }

  #rehash(length: number): void {
    const old = this.#slots;
    const slots = new Uint32Array(length * 4);
    const mask = length - 1;
    for (let at = 0; at < old.length; at += 4) {
      if (old[at + 2] === 0) continue;
      let slot = mix(old[at] ^ Math.imul(old[at + 1], 0x9e3779b1)) & mask;
      while (slots[(slot << 2) + 2] !== 0) slot = (slot + 1) & mask;
      slots[slot << 2] = old[at];
      slots[(slot << 2) + 1] = old[at + 1];
      slots[(slot << 2) + 2] = old[at + 2];
    }
    this.#slots = slots;
    this.#mask = mask;
  }
}
