/** A small seeded generator (mulberry32): the same seed gives the same entities, rows and plans on every machine. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** An integer from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** A bigint from `min` to `max`, both included. */
  bigint(min: bigint, max: bigint): bigint {
    let bits = 0n;
    for (let i = 0; i < 5; i++) bits = (bits << 32n) | BigInt(Math.floor(this.next() * 4_294_967_296));
    return min + (bits % (max - min + 1n));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new RangeError("nothing to pick from");
    return from[this.int(0, from.length - 1)] as T;
  }

  /** Some of the items, at least `min`, in their order. */
  some<T>(from: readonly T[], min = 0): T[] {
    const kept = from.filter(() => this.chance(0.5));
    while (kept.length < Math.min(min, from.length)) {
      const item = this.pick(from);
      if (!kept.includes(item)) kept.push(item);
    }
    return kept;
  }

  shuffle<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [result[i], result[j]] = [result[j] as T, result[i] as T];
    }
    return result;
  }
}
