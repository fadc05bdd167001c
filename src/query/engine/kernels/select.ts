import { kernelFamily } from "../specialise.ts";

/*
 * Each takes rows and writes those that hold into `out`, ascending, and gives how many. A row is written before it is
 * known to hold and the next one overwrites it if not: no branch depends on the data. `out` may be `rows` itself.
 * `flip` 1 selects what does not hold. Loops over all rows take four at a time: a step of a loop costs V8 as much as a test.
 */

type Narrow = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array;
type Float = Float32Array | Float64Array;
type Codes = Uint8Array | Uint16Array | Uint32Array;

/** low <= value <= low + width, for integers to 32 bits. */
export const selectNarrow = kernelFamily(
  (values: Narrow, count: number, low: number, width: number, flip: number, out: Uint32Array): number => {
    let m = 0;
    let i = 0;
    for (; i + 4 <= count; i += 4) {
      out[m] = i;
      m += Number((values[i] - low) >>> 0 <= width) ^ flip;
      out[m] = i + 1;
      m += Number((values[i + 1] - low) >>> 0 <= width) ^ flip;
      out[m] = i + 2;
      m += Number((values[i + 2] - low) >>> 0 <= width) ^ flip;
      out[m] = i + 3;
      m += Number((values[i + 3] - low) >>> 0 <= width) ^ flip;
    }
    for (; i < count; i++) {
      out[m] = i;
      m += Number((values[i] - low) >>> 0 <= width) ^ flip;
    }
    return m;
  },
);

export const refineNarrow = kernelFamily(
  (values: Narrow, rows: Uint32Array, count: number, low: number, width: number, flip: number, out: Uint32Array): number => {
    let m = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      out[m] = row;
      m += Number((values[row] - low) >>> 0 <= width) ^ flip;
    }
    return m;
  },
);

export const countNarrow = kernelFamily((values: Narrow, count: number, low: number, width: number): number => {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    a += Number((values[i] - low) >>> 0 <= width);
    b += Number((values[i + 1] - low) >>> 0 <= width);
    c += Number((values[i + 2] - low) >>> 0 <= width);
    d += Number((values[i + 3] - low) >>> 0 <= width);
  }
  for (; i < count; i++) a += Number((values[i] - low) >>> 0 <= width);
  return a + b + (c + d);
});

/** low <= value <= high; NaN is in no range. */
export const selectFloat = kernelFamily(
  (values: Float, count: number, low: number, high: number, flip: number, out: Uint32Array): number => {
    let m = 0;
    let i = 0;
    for (; i + 4 <= count; i += 4) {
      out[m] = i;
      m += (Number(values[i] >= low) & Number(values[i] <= high)) ^ flip;
      out[m] = i + 1;
      m += (Number(values[i + 1] >= low) & Number(values[i + 1] <= high)) ^ flip;
      out[m] = i + 2;
      m += (Number(values[i + 2] >= low) & Number(values[i + 2] <= high)) ^ flip;
      out[m] = i + 3;
      m += (Number(values[i + 3] >= low) & Number(values[i + 3] <= high)) ^ flip;
    }
    for (; i < count; i++) {
      out[m] = i;
      m += (Number(values[i] >= low) & Number(values[i] <= high)) ^ flip;
    }
    return m;
  },
);

/** low <= value. */
export const selectAtLeast = kernelFamily((values: Float, count: number, low: number, out: Uint32Array): number => {
  let m = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    out[m] = i;
    m += Number(values[i] >= low);
    out[m] = i + 1;
    m += Number(values[i + 1] >= low);
    out[m] = i + 2;
    m += Number(values[i + 2] >= low);
    out[m] = i + 3;
    m += Number(values[i + 3] >= low);
  }
  for (; i < count; i++) {
    out[m] = i;
    m += Number(values[i] >= low);
  }
  return m;
});

/** value < low, or NaN. */
export const selectNotAtLeast = kernelFamily((values: Float, count: number, low: number, out: Uint32Array): number => {
  let m = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    out[m] = i;
    m += Number(values[i] >= low) ^ 1;
    out[m] = i + 1;
    m += Number(values[i + 1] >= low) ^ 1;
    out[m] = i + 2;
    m += Number(values[i + 2] >= low) ^ 1;
    out[m] = i + 3;
    m += Number(values[i + 3] >= low) ^ 1;
  }
  for (; i < count; i++) {
    out[m] = i;
    m += Number(values[i] >= low) ^ 1;
  }
  return m;
});

/** value <= high. */
export const selectAtMost = kernelFamily((values: Float, count: number, high: number, out: Uint32Array): number => {
  let m = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    out[m] = i;
    m += Number(values[i] <= high);
    out[m] = i + 1;
    m += Number(values[i + 1] <= high);
    out[m] = i + 2;
    m += Number(values[i + 2] <= high);
    out[m] = i + 3;
    m += Number(values[i + 3] <= high);
  }
  for (; i < count; i++) {
    out[m] = i;
    m += Number(values[i] <= high);
  }
  return m;
});

/** value > high, or NaN. */
export const selectNotAtMost = kernelFamily((values: Float, count: number, high: number, out: Uint32Array): number => {
  let m = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    out[m] = i;
    m += Number(values[i] <= high) ^ 1;
    out[m] = i + 1;
    m += Number(values[i + 1] <= high) ^ 1;
    out[m] = i + 2;
    m += Number(values[i + 2] <= high) ^ 1;
    out[m] = i + 3;
    m += Number(values[i + 3] <= high) ^ 1;
  }
  for (; i < count; i++) {
    out[m] = i;
    m += Number(values[i] <= high) ^ 1;
  }
  return m;
});

export const refineFloat = kernelFamily(
  (values: Float, rows: Uint32Array, count: number, low: number, high: number, flip: number, out: Uint32Array): number => {
    let m = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      const value = values[row];
      out[m] = row;
      m += (Number(value >= low) & Number(value <= high)) ^ flip;
    }
    return m;
  },
);

export const countFloat = kernelFamily((values: Float, count: number, low: number, high: number): number => {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    a += Number(values[i] >= low) & Number(values[i] <= high);
    b += Number(values[i + 1] >= low) & Number(values[i + 1] <= high);
    c += Number(values[i + 2] >= low) & Number(values[i + 2] <= high);
    d += Number(values[i + 3] >= low) & Number(values[i + 3] <= high);
  }
  for (; i < count; i++) a += Number(values[i] >= low) & Number(values[i] <= high);
  return a + b + (c + d);
});

/** How many low <= value. */
export const countAtLeast = kernelFamily((values: Float, count: number, low: number): number => {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    a += Number(values[i] >= low);
    b += Number(values[i + 1] >= low);
    c += Number(values[i + 2] >= low);
    d += Number(values[i + 3] >= low);
  }
  for (; i < count; i++) a += Number(values[i] >= low);
  return a + b + (c + d);
});

/** How many value <= high. */
export const countAtMost = kernelFamily((values: Float, count: number, high: number): number => {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    a += Number(values[i] <= high);
    b += Number(values[i + 1] <= high);
    c += Number(values[i + 2] <= high);
    d += Number(values[i + 3] <= high);
  }
  for (; i < count; i++) a += Number(values[i] <= high);
  return a + b + (c + d);
});

/**
 * As `selectNarrow` for 64-bit integers as word pairs, signed and unsigned alike: value - low is computed modulo 2^64,
 * borrow by borrow, and compared with the width likewise.
 */
export const selectWide = kernelFamily(
  (
    words: Uint32Array,
    count: number,
    low0: number,
    low1: number,
    width0: number,
    width1: number,
    flip: number,
    out: Uint32Array,
  ): number => {
    let m = 0;
    for (let i = 0; i < count; i++) {
      const a0 = words[2 * i] | 0;
      const d0 = (a0 - low0) | 0;
      const d1 = ((words[2 * i + 1] | 0) - low1 - (((~a0 & low0) | (~(a0 ^ low0) & d0)) >>> 31)) | 0;
      const e0 = (width0 - d0) | 0;
      const e1 = (width1 - d1 - (((~width0 & d0) | (~(width0 ^ d0) & e0)) >>> 31)) | 0;
      out[m] = i;
      m += (((~width1 & d1) | (~(width1 ^ d1) & e1)) >>> 31) ^ 1 ^ flip;
    }
    return m;
  },
);

export const refineWide = kernelFamily(
  (
    words: Uint32Array,
    rows: Uint32Array,
    count: number,
    low0: number,
    low1: number,
    width0: number,
    width1: number,
    flip: number,
    out: Uint32Array,
  ): number => {
    let m = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      const a0 = words[2 * row] | 0;
      const d0 = (a0 - low0) | 0;
      const d1 = ((words[2 * row + 1] | 0) - low1 - (((~a0 & low0) | (~(a0 ^ low0) & d0)) >>> 31)) | 0;
      const e0 = (width0 - d0) | 0;
      const e1 = (width1 - d1 - (((~width0 & d0) | (~(width0 ^ d0) & e0)) >>> 31)) | 0;
      out[m] = row;
      m += (((~width1 & d1) | (~(width1 ^ d1) & e1)) >>> 31) ^ 1 ^ flip;
    }
    return m;
  },
);

/** Rows whose code has a 1 in `table`. */
export const selectCodes = kernelFamily((codes: Codes, count: number, table: Uint8Array, out: Uint32Array): number => {
  let m = 0;
  for (let i = 0; i < count; i++) {
    out[m] = i;
    m += table[codes[i]];
  }
  return m;
});

export const refineCodes = kernelFamily(
  (codes: Codes, rows: Uint32Array, count: number, table: Uint8Array, out: Uint32Array): number => {
    let m = 0;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      out[m] = row;
      m += table[codes[row]];
    }
    return m;
  },
);

export const countCodes = kernelFamily((codes: Codes, count: number, table: Uint8Array): number => {
  let m = 0;
  for (let i = 0; i < count; i++) m += table[codes[i]];
  return m;
});

/** Rows whose code is one code: no table to read. */
export const selectCode = kernelFamily((codes: Codes, count: number, code: number, out: Uint32Array): number => {
  let m = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    out[m] = i;
    m += ((codes[i] ^ code) - 1) >>> 31;
    out[m] = i + 1;
    m += ((codes[i + 1] ^ code) - 1) >>> 31;
    out[m] = i + 2;
    m += ((codes[i + 2] ^ code) - 1) >>> 31;
    out[m] = i + 3;
    m += ((codes[i + 3] ^ code) - 1) >>> 31;
  }
  for (; i < count; i++) {
    out[m] = i;
    m += ((codes[i] ^ code) - 1) >>> 31;
  }
  return m;
});

export const countCode = kernelFamily((codes: Codes, count: number, code: number): number => {
  let a = 0;
  let b = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    a += (((codes[i] ^ code) - 1) >>> 31) + (((codes[i + 1] ^ code) - 1) >>> 31);
    b += (((codes[i + 2] ^ code) - 1) >>> 31) + (((codes[i + 3] ^ code) - 1) >>> 31);
  }
  for (; i < count; i++) a += ((codes[i] ^ code) - 1) >>> 31;
  return a + b;
});

/** Rows whose bit is set, or with `flip` 1 is not. */
export function selectBits(bits: Uint8Array, count: number, flip: number, out: Uint32Array): number {
  let m = 0;
  for (let i = 0; i < count; i++) {
    out[m] = i;
    m += ((bits[i >>> 3] >>> (i & 7)) & 1) ^ flip;
  }
  return m;
}

export function refineBits(bits: Uint8Array, rows: Uint32Array, count: number, flip: number, out: Uint32Array): number {
  let m = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    out[m] = row;
    m += ((bits[row >>> 3] >>> (row & 7)) & 1) ^ flip;
  }
  return m;
}

/** Of `rows` (null: all) those for which the condition, computed for them in order, is known to be true. */
export function selectTrue(
  values: Uint8Array,
  valid: Uint8Array | null,
  rows: Uint32Array | null,
  count: number,
  out: Uint32Array,
): number {
  let m = 0;
  for (let i = 0; i < count; i++) {
    out[m] = rows === null ? i : rows[i];
    m += valid === null ? values[i] : values[i] & valid[i];
  }
  return m;
}
