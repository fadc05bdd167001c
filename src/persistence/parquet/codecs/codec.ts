import { CorruptDataError } from "../../../errors.ts";

/** Compressions that pages are written and read with. `"lz4"` is Parquet's LZ4_RAW: bare LZ4 blocks. */
export const COMPRESSIONS = ["uncompressed", "snappy", "zstd", "gzip", "lz4", "brotli"] as const;

export type Compression = (typeof COMPRESSIONS)[number];

/** Parquet's deprecated LZ4, blocks within a frame of Hadoop's, is read only. */
export type PageCodecName = Compression | "lz4_hadoop";

/** Compresses and decompresses whole pages. Synchronous; neither keeps nor changes what it is given. */
export interface PageCodec {
  readonly name: PageCodecName;
  /** A new array; `"uncompressed"` gives `bytes` itself. O(bytes). */
  compress(bytes: Uint8Array): Uint8Array;
  /**
   * The page that was compressed: a new array of `uncompressedSize` bytes; `"uncompressed"` gives `bytes` itself.
   * O(uncompressedSize), also in memory, whatever `bytes` says.
   * @throws CorruptDataError unless `bytes` are a page of exactly `uncompressedSize` bytes
   */
  decompress(bytes: Uint8Array, uncompressedSize: number): Uint8Array;
  /**
   * As `decompress`, in memory of the codec's own, valid until its next call: saves a copy, and memory to be collected.
   * Left out where that cannot be had.
   */
  lend?(bytes: Uint8Array, uncompressedSize: number): Uint8Array;
}

/** A page that is looked at before the codec is used again. @throws CorruptDataError */
export const openedPage = (codec: PageCodec, bytes: Uint8Array, uncompressedSize: number): Uint8Array =>
  codec.lend?.(bytes, uncompressedSize) ?? codec.decompress(bytes, uncompressedSize);

/** The least and greatest level of those that have levels. */
export const LEVELS: { readonly [name in PageCodecName]?: readonly [least: number, greatest: number] } = {
  zstd: [1, 22],
  gzip: [1, 9],
  brotli: [0, 11],
};

export interface CodecOptions {
  /**
   * How hard to compress: one of {@link LEVELS}; by default 3 of zstd, 6 of gzip, 4 of brotli. The others have no levels.
   * Decompression does not depend on it.
   */
  level?: number | undefined;
}

export function notA(name: PageCodecName, bytes: Uint8Array, uncompressedSize: number, cause?: unknown): CorruptDataError {
  return new CorruptDataError(
    `${bytes.length} bytes that should be ${uncompressedSize} bytes compressed with ${name} are not`,
    cause === undefined ? undefined : { cause },
  );
}

/** What an array decompressed to, if it is as long as it should be. @throws CorruptDataError */
export function ofSize(name: PageCodecName, bytes: Uint8Array, page: Uint8Array, uncompressedSize: number): Uint8Array {
  if (page.length !== uncompressedSize) throw notA(name, bytes, uncompressedSize);
  return page;
}
