import { kernelFamily } from "../specialise.ts";

type Groups = Uint8Array | Uint16Array | Uint32Array;

/** The least value of each group; NaN is greatest. `seen` is 1 for groups that have one. */
export const minOf = kernelFamily(
  (
    values: Float64Array | Uint32Array,
    count: number,
    groups: Groups | null,
    valid: Uint8Array | null,
    best: Float64Array,
    seen: Uint8Array,
  ): void => {
    for (let i = 0; i < count; i++) {
      if (valid !== null && valid[i] === 0) continue;
      const group = groups === null ? 0 : groups[i];
      const value = values[i];
      const old = best[group];
      if (seen[group] === 0 || value < old || Number.isNaN(old)) best[group] = value;
      seen[group] = 1;
    }
  },
);

export const maxOf = kernelFamily(
  (
    values: Float64Array | Uint32Array,
    count: number,
    groups: Groups | null,
    valid: Uint8Array | null,
    best: Float64Array,
    seen: Uint8Array,
  ): void => {
    for (let i = 0; i < count; i++) {
      if (valid !== null && valid[i] === 0) continue;
      const group = groups === null ? 0 : groups[i];
      const value = values[i];
      if (seen[group] === 0 || value > best[group] || Number.isNaN(value)) best[group] = value;
      seen[group] = 1;
    }
  },
);
