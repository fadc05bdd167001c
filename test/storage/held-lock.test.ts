import { describe, expect, test } from "vitest";
import { takeLock, takeLockWithin } from "../../src/persistence/storage/opfs/held-lock.ts";
import type { LockRequest, Locks } from "../../src/persistence/storage/opfs/platform.ts";

/** Web Locks of one name, exclusive, that take so many milliseconds to answer. Real ones: test/browser. */
class SlowLocks implements Locks {
  readonly #delay: number;
  #held = false;
  #queue: (() => void)[] = [];

  constructor(delay: number) {
    this.#delay = delay;
  }

  async request<R>(_name: string, { ifAvailable, signal }: LockRequest, run: (lock: object | null) => Promise<R>): Promise<R> {
    await this.#answered(signal);
    if (ifAvailable === true && this.#held) return run(null);
    while (this.#held) await this.#released(signal);
    this.#held = true;
    try {
      return await run({});
    } finally {
      this.#held = false;
      for (const wake of this.#queue.splice(0)) wake();
    }
  }

  #answered(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      setTimeout(resolve, this.#delay);
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  }

  #released(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push(resolve);
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  }
}

describe("a lock that is waited for so long", () => {
  test("is taken where it is free, however long the browser takes to say so", async () => {
    const lock = await takeLockWithin(new SlowLocks(200), "orders", 20);
    expect(lock).not.toBeNull();
  });

  test("is none where somebody has it for longer, and is theirs who wait on when it is given back", async () => {
    const locks = new SlowLocks(1);
    const first = await takeLock(locks, "orders", "exclusive");
    expect(await takeLockWithin(locks, "orders", 20)).toBeNull();
    const second = takeLockWithin(locks, "orders", 10_000);
    await first.release();
    await first.release();
    const held = await second;
    expect(held).not.toBeNull();
    expect(await takeLockWithin(locks, "orders", 20)).toBeNull();
    await held?.release();
    expect(await takeLockWithin(locks, "orders", 10_000)).not.toBeNull();
  });

  test("tells what else went wrong", async () => {
    const locks: Locks = { request: () => Promise.reject(new TypeError("no locks here")) };
    await expect(takeLockWithin(locks, "orders", 1000)).rejects.toThrow("no locks here");
  });
});
