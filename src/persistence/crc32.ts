/** CRC-32 as zlib, gzip and Parquet's pages have it: reflected polynomial 0xEDB88320, start and end inverted. */
export type Crc32 = (bytes: Uint8Array, previous?: number) => number;

interface NodeZlib {
  crc32?(data: Uint8Array, value?: number): number;
}

const node = (globalThis as { process?: { getBuiltinModule?(id: string): unknown } }).process;
const zlib = node?.getBuiltinModule?.("node:zlib") as NodeZlib | undefined;
const native = zlib?.crc32;

/**
 * The sum of `bytes`, unsigned; with `previous`, the sum of what that is the sum of followed by `bytes`. O(bytes): some
 * 2 GB/s where Node's zlib has it, else {@link tableCrc32}.
 */
export const crc32: Crc32 = native === undefined ? tableCrc32 : native;

/** Eight bytes a step: TABLES[n][b] is the sum's state after byte b and n zero bytes. */
let tables: Uint32Array[] | undefined;

function makeTables(): Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let state = byte;
    for (let bit = 0; bit < 8; bit++) state = (state >>> 1) ^ (state & 1 ? 0xedb88320 : 0);
    return state;
  });
  const made = [first];
  for (let n = 1; n < 8; n++) made.push(made[n - 1].map((state) => (state >>> 8) ^ first[state & 0xff]));
  return made;
}

/** {@link crc32} without zlib. */
export function tableCrc32(bytes: Uint8Array, previous = 0): number {
  tables ??= makeTables();
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
  let state = ~previous;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    state ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    state =
      t7[state & 0xff] ^
      t6[(state >>> 8) & 0xff] ^
      t5[(state >>> 16) & 0xff] ^
      t4[state >>> 24] ^
      t3[bytes[i + 4]] ^
      t2[bytes[i + 5]] ^
      t1[bytes[i + 6]] ^
      t0[bytes[i + 7]];
  }
  for (; i < bytes.length; i++) state = (state >>> 8) ^ t0[(state ^ bytes[i]) & 0xff];
  return ~state >>> 0;
}
