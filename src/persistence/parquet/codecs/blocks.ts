import { bytesFromBase64 } from "../../../entity/values/base64.ts";
import { UnsupportedError } from "../../../errors.ts";
import { notA, type PageCodec, type PageCodecName } from "./codec.ts";
import { WASM_BASE64 } from "./wasm-module.ts";

/** What assembly/codecs.ts exports; addresses are bytes from the start of the memory. */
interface BlockExports {
  readonly memory: WebAssembly.Memory;
  snappyCompress(input: number, length: number, output: number, table: number): number;
  snappyDecompress(input: number, length: number, output: number, size: number): number;
  lz4Compress(input: number, length: number, output: number, table: number): number;
  lz4Decompress(input: number, length: number, output: number, size: number): number;
}

const PAGE = 65_536;
/** The hash table of the compressors lies first, input and output behind it. */
const TABLE = 1024;
const INPUT = TABLE + PAGE;
/** Copies may read and write this many bytes too many. */
const SLACK = 64;
/** WebAssembly memory never shrinks: an instance that grew beyond this is dropped after use. */
const KEPT_BYTES = 32 << 20;

let module: WebAssembly.Module | null = null;
let compiling: Promise<WebAssembly.Module> | null = null;
let instance: BlockExports | null = null;

/** Compiles the module, once. @throws UnsupportedError where the platform forbids WebAssembly */
export async function loadBlocks(): Promise<void> {
  if (module !== null) return;
  try {
    compiling ??= WebAssembly.compile(bytesFromBase64(WASM_BASE64) as Uint8Array<ArrayBuffer>);
    module = await compiling;
  } catch (error) {
    compiling = null;
    throw new UnsupportedError(
      "the compressions snappy and lz4 need WebAssembly, which is not available here; a page's content security policy must allow 'wasm-unsafe-eval'",
      { cause: error },
    );
  }
}

/** Runs `use` with the bytes in memory and room for as many as `room` behind them. */
function withMemory<R>(bytes: Uint8Array, room: number, use: (wasm: BlockExports, output: number) => R): R {
  instance ??= new WebAssembly.Instance(module as WebAssembly.Module).exports as unknown as BlockExports;
  const wasm = instance;
  const output = Math.ceil((INPUT + bytes.length + SLACK) / 64) * 64;
  const missing = output + room + SLACK - wasm.memory.buffer.byteLength;
  try {
    if (missing > 0) wasm.memory.grow(Math.ceil(missing / PAGE));
  } catch (error) {
    throw new UnsupportedError(`a page of ${Math.max(bytes.length, room)} bytes is too large to be compressed or decompressed`, {
      cause: error,
    });
  }
  try {
    new Uint8Array(wasm.memory.buffer, INPUT, bytes.length).set(bytes);
    return use(wasm, output);
  } finally {
    if (wasm.memory.buffer.byteLength > KEPT_BYTES) instance = null;
  }
}

type Compress = "snappyCompress" | "lz4Compress";
type Decompress = "snappyDecompress" | "lz4Decompress";

function compressed(bytes: Uint8Array, run: Compress, room: number): Uint8Array {
  return withMemory(bytes, room, (wasm, output) => {
    const length = wasm[run](INPUT, bytes.length, output, TABLE) >>> 0;
    return new Uint8Array(wasm.memory.buffer, output, length).slice();
  });
}

/** A view of the memory, valid until it is used again; null where the bytes are no block of that size. */
function decompressed(bytes: Uint8Array, run: Decompress, size: number): Uint8Array | null {
  return withMemory(bytes, size, (wasm, output) =>
    wasm[run](INPUT, bytes.length, output, size) === 0 ? null : new Uint8Array(wasm.memory.buffer, output, size),
  );
}

/** No block expands further than this: snappy's longest copy is 64 bytes of 3, an LZ4 length grows by 255 a byte. */
const SNAPPY_EXPANSION = 22;
const LZ4_EXPANSION = 256;

function unpack(name: PageCodecName, run: Decompress, expansion: number, bytes: Uint8Array, size: number): Uint8Array {
  const page = size > (bytes.length + 1) * expansion ? null : decompressed(bytes, run, size);
  if (page === null) throw notA(name, bytes, size);
  return page;
}

const lendSnappy = (bytes: Uint8Array, size: number) => unpack("snappy", "snappyDecompress", SNAPPY_EXPANSION, bytes, size);
const lendLz4 = (bytes: Uint8Array, size: number) => unpack("lz4", "lz4Decompress", LZ4_EXPANSION, bytes, size);

export const snappy: PageCodec = {
  name: "snappy",
  compress: (bytes) => compressed(bytes, "snappyCompress", 32 + bytes.length + Math.ceil(bytes.length / 6)),
  decompress: (bytes, size) => lendSnappy(bytes, size).slice(),
  lend: lendSnappy,
};

export const lz4: PageCodec = {
  name: "lz4",
  compress: (bytes) => compressed(bytes, "lz4Compress", 16 + bytes.length + Math.ceil(bytes.length / 255)),
  decompress: (bytes, size) => lendLz4(bytes, size).slice(),
  lend: lendLz4,
};

/**
 * Blocks behind two big-endian 32-bit sizes each, uncompressed and compressed; some writers left them out and wrote bare
 * LZ4 blocks under this name.
 */
export const hadoopLz4: PageCodec = {
  name: "lz4_hadoop",
  compress() {
    throw new UnsupportedError("Parquet's deprecated LZ4 is only read; write with lz4, which is LZ4_RAW");
  },
  decompress(bytes, size) {
    return framed(bytes, size) ?? unpack("lz4_hadoop", "lz4Decompress", LZ4_EXPANSION, bytes, size).slice();
  },
};

function framed(bytes: Uint8Array, size: number): Uint8Array | null {
  if (size > (bytes.length + 1) * LZ4_EXPANSION) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const page = new Uint8Array(size);
  let to = 0;
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < 8) return null;
    const uncompressedSize = view.getUint32(at);
    const compressedSize = view.getUint32(at + 4);
    at += 8;
    if (uncompressedSize > size - to || compressedSize > bytes.length - at) return null;
    const block = decompressed(bytes.subarray(at, at + compressedSize), "lz4Decompress", uncompressedSize);
    if (block === null) return null;
    page.set(block, to);
    to += uncompressedSize;
    at += compressedSize;
  }
  return to === size ? page : null;
}
