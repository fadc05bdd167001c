import type { Locks } from "./platform.ts";

/** A lock that is held until it is released, or until the page or worker that holds it is no more. */
export interface HeldLock {
  /** Resolves once others can have it. Twice is fine. */
  release(): Promise<void>;
}

/** Takes a Web Lock. @throws the signal's reason, by which waiting for it was ended */
export function takeLock(
  locks: Locks,
  name: string,
  options: { readonly mode: "exclusive" | "shared"; readonly signal?: AbortSignal },
): Promise<HeldLock> {
  return new Promise((resolve, reject) => {
    let free = () => {};
    const held = new Promise<void>((done) => {
      free = done;
    });
    const over = locks
      .request(name, options, () => {
        resolve({
          release: () => {
            free();
            return over;
          },
        });
        return held;
      })
      .catch(reject);
  });
}
