import { copyIfShared } from "../../../columns/utf8.ts";
import { type CodecOptions, notA, ofSize, type PageCodec } from "./codec.ts";
import { missingPackage, type NodeZlib, wasmOf } from "./platform.ts";

const LEVEL = 3;

/** By Node's zlib (from 22.15 on), else by zstd compiled to WebAssembly. */
export async function loadZstd({ level = LEVEL }: CodecOptions, zlib: NodeZlib | null): Promise<PageCodec> {
  const { zstdCompressSync, zstdDecompressSync, constants } = zlib ?? {};
  if (zstdCompressSync !== undefined && zstdDecompressSync !== undefined && constants !== undefined) {
    return {
      name: "zstd",
      compress: (bytes) =>
        zstdCompressSync(copyIfShared(bytes), {
          params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_contentSizeFlag]: 1 },
          pledgedSrcSize: bytes.length,
        }),
      decompress(bytes, size) {
        assertContentSize(bytes, size);
        let page: Uint8Array;
        try {
          page = zstdDecompressSync(copyIfShared(bytes), { maxOutputLength: Math.max(size, 1) });
        } catch (error) {
          throw notA("zstd", bytes, size, error);
        }
        return ofSize("zstd", bytes, page, size);
      },
    };
  }
  const zstd = await loadWasm();
  return {
    name: "zstd",
    compress: (bytes) => zstd.compress(bytes, level),
    decompress(bytes, size) {
      assertContentSize(bytes, size);
      let page: Uint8Array;
      try {
        // The size is used where the frame does not tell its own.
        page = zstd.decompress(bytes, { defaultHeapSize: size });
      } catch (error) {
        throw notA("zstd", bytes, size, error);
      }
      return ofSize("zstd", bytes, page, size);
    },
  };
}

/** Initialised once: a second call puts another instance in place of the first, and does not wait for it. */
let wasm: Promise<typeof import("@bokuweb/zstd-wasm")> | null = null;

function loadWasm(): Promise<typeof import("@bokuweb/zstd-wasm")> {
  wasm ??= importWasm().then(async (loaded) => {
    // Where it cannot be fetched, it tells nobody.
    await wasmOf("@bokuweb/zstd-wasm", "zstd.wasm", loaded.init());
    return loaded;
  });
  // Once it is installed, the next call finds it.
  wasm.catch(() => {
    wasm = null;
  });
  return wasm;
}

async function importWasm(): Promise<typeof import("@bokuweb/zstd-wasm")> {
  try {
    return await import("@bokuweb/zstd-wasm");
  } catch (error) {
    throw missingPackage("@bokuweb/zstd-wasm", "zstd", error);
  }
}

const MAGIC = 0xfd2fb528;

/**
 * The decompressors allocate what the frame says before they read it: it must say what the page header says, or nothing.
 * (RFC 8878, 3.1.1.1: the descriptor's two upper bits tell how long the content size is, bit 5 whether a window
 * descriptor stands before it, the two lower ones how long the dictionary id is.)
 * @throws CorruptDataError
 */
function assertContentSize(bytes: Uint8Array, size: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 6 || view.getUint32(0, true) !== MAGIC) throw notA("zstd", bytes, size);
  const descriptor = bytes[4];
  const single = (descriptor & 0x20) !== 0;
  const at = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3];
  const width = [single ? 1 : 0, 2, 4, 8][descriptor >>> 6];
  if (width === 0) return;
  if (at + width > bytes.length) throw notA("zstd", bytes, size);
  const declared =
    width === 1
      ? bytes[at]
      : width === 2
        ? view.getUint16(at, true) + 256
        : width === 4
          ? view.getUint32(at, true)
          : view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  if (declared !== size) throw notA("zstd", bytes, size);
}
