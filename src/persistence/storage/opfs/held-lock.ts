import type { LockRequest, Locks } from "./platform.ts";

/** A lock that is held until it is released, or until the page or worker that holds it is no more. */
export interface HeldLock {
  /** Resolves once others can have it. Twice is fine. */
  release(): Promise<void>;
}

/** Takes a Web Lock, however long others have it. */
export async function takeLock(locks: Locks, name: string, mode: "exclusive" | "shared"): Promise<HeldLock> {
  return (await request(locks, name, { mode })) as HeldLock;
}

/**
 * Takes a Web Lock for oneself alone; null where somebody else still has it after so many milliseconds. A browser may
 * take longer than that to say that a lock is free: the last answer is waited for.
 */
export async function takeLockWithin(locks: Locks, name: string, patience: number): Promise<HeldLock | null> {
  const signal = AbortSignal.timeout(patience);
  try {
    return await request(locks, name, { mode: "exclusive", signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    return await request(locks, name, { mode: "exclusive", ifAvailable: true });
  }
}

function request(locks: Locks, name: string, options: LockRequest): Promise<HeldLock | null> {
  return new Promise((resolve, reject) => {
    let free = () => {};
    const held = new Promise<void>((done) => {
      free = done;
    });
    const over = locks
      .request(name, options, async (lock) => {
        if (lock === null) return resolve(null);
        resolve({
          release: () => {
            free();
            return over;
          },
        });
        await held;
      })
      .catch(reject);
  });
}
