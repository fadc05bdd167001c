import type { BoolVector } from "./vector.ts";

/** Three-valued logic: null is unknown. */

/** False where one is false, else null where one is null, else true. */
export function and(a: BoolVector, b: BoolVector): BoolVector {
  return combine(a, b, 0);
}

/** True where one is true, else null where one is null, else false. */
export function or(a: BoolVector, b: BoolVector): BoolVector {
  return combine(a, b, 1);
}

/** `decisive` is the value that decides whatever the other is. */
function combine(a: BoolVector, b: BoolVector, decisive: 0 | 1): BoolVector {
  const n = a.values.length;
  const values = new Uint8Array(n);
  if (a.valid === null && b.valid === null) {
    if (decisive === 0) for (let i = 0; i < n; i++) values[i] = a.values[i] & b.values[i];
    else for (let i = 0; i < n; i++) values[i] = a.values[i] | b.values[i];
    return { kind: "bool", values, valid: null };
  }
  const valid = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const knownA = a.valid === null || a.valid[i] === 1;
    const knownB = b.valid === null || b.valid[i] === 1;
    const decided = (knownA && a.values[i] === decisive) || (knownB && b.values[i] === decisive);
    valid[i] = decided || (knownA && knownB) ? 1 : 0;
    values[i] = decided ? decisive : 1 - decisive;
  }
  return { kind: "bool", values, valid };
}

export function not(a: BoolVector): BoolVector {
  const values = new Uint8Array(a.values.length);
  for (let i = 0; i < values.length; i++) values[i] = a.values[i] ^ 1;
  return { kind: "bool", values, valid: a.valid };
}
