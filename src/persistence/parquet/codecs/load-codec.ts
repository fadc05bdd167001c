import { UnsupportedError, ValidationError } from "../../../errors.ts";
import { hadoopLz4, loadBlocks, lz4, snappy } from "./blocks.ts";
import { loadBrotli } from "./brotli.ts";
import { type CodecOptions, LEVELS, notA, type PageCodec, type PageCodecName } from "./codec.ts";
import { loadGzip } from "./gzip.ts";
import { nodeZlib } from "./platform.ts";
import { loadZstd } from "./zstd.ts";

const uncompressed: PageCodec = {
  name: "uncompressed",
  compress: (bytes) => bytes,
  decompress(bytes, size) {
    if (bytes.length !== size) throw notA("uncompressed", bytes, size);
    return bytes;
  },
};

/**
 * The codec of a compression; loads its engine, after which the codec works synchronously.
 * @throws ValidationError for a level that the compression does not have
 * @throws UnsupportedError naming the package to install, where the platform has no engine of its own: zstd before
 * Node 22.15, gzip and brotli in a browser
 */
export async function loadCodec(name: PageCodecName, options: CodecOptions = {}, zlib = nodeZlib()): Promise<PageCodec> {
  assertLevel(name, options.level);
  switch (name) {
    case "uncompressed":
      return uncompressed;
    case "snappy":
    case "lz4":
    case "lz4_hadoop":
      await loadBlocks();
      return name === "snappy" ? snappy : name === "lz4" ? lz4 : hadoopLz4;
    case "zstd":
      return loadZstd(options, zlib);
    case "gzip":
      return loadGzip(options, zlib);
    case "brotli":
      return loadBrotli(options, zlib);
    default:
      throw new UnsupportedError(`the compression ${JSON.stringify(name)} is none that pages are read or written with`);
  }
}

function assertLevel(name: PageCodecName, level: number | undefined): void {
  if (level === undefined) return;
  const range = LEVELS[name];
  if (range !== undefined && Number.isInteger(level) && level >= range[0] && level <= range[1]) return;
  const expected = range === undefined ? "no level" : `an integer from ${range[0]} to ${range[1]}`;
  throw new ValidationError({ entity: `compression ${name}`, field: "level", value: level, expected });
}
