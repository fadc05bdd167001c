// A module that knows that entity through its emitted declarations only.
import type { Reading } from "../lib-built/entity.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export type Expect<T extends true> = T;

export function check(reading: Reading) {
  const { id, status, ratio, at, seen, isGood } = reading;
  type _ = [
    Expect<Equal<typeof id, bigint>>,
    Expect<Equal<typeof status, "Good" | "Bad">>,
    Expect<Equal<typeof ratio, number | null>>,
    Expect<Equal<typeof at, bigint>>,
    Expect<Equal<typeof seen, Date | null>>,
    Expect<Equal<typeof isGood, boolean>>,
  ];
  // @ts-expect-error no such status
  reading.status = "Ugly";
  // @ts-expect-error a key is read-only
  reading.id = 2n;
  return undefined as unknown as _;
}
