import { copyIfShared } from "../../../columns/utf8.ts";
import { type CodecOptions, notA, ofSize, type PageCodec } from "./codec.ts";
import { missingPackage, type NodeZlib, wasmOf } from "./platform.ts";

/** Higher ones are many times slower for a few percent. */
const LEVEL = 4;

const PIECE_BYTES = 1 << 20;
/** Result codes of brotli-wasm. */
const DONE = 1;
const MORE_OUTPUT = 3;

/** By Node's zlib, else by brotli-wasm. */
export async function loadBrotli({ level = LEVEL }: CodecOptions, zlib: NodeZlib | null): Promise<PageCodec> {
  if (zlib !== null) {
    const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
    return {
      name: "brotli",
      compress: (bytes) =>
        zlib.brotliCompressSync(copyIfShared(bytes), {
          params: { [BROTLI_PARAM_QUALITY]: level, [BROTLI_PARAM_SIZE_HINT]: bytes.length },
        }),
      decompress(bytes, size) {
        let page: Uint8Array;
        try {
          page = zlib.brotliDecompressSync(copyIfShared(bytes), { maxOutputLength: Math.max(size, 1) });
        } catch (error) {
          throw notA("brotli", bytes, size, error);
        }
        return ofSize("brotli", bytes, page, size);
      },
    };
  }
  const { default: loading } = await importWasm();
  const brotli = await wasmOf("brotli-wasm", "brotli_wasm_bg.wasm", Promise.resolve(loading));
  return {
    name: "brotli",
    compress: (bytes) => brotli.compress(bytes, { quality: level }),
    decompress(bytes, size) {
      const page = new Uint8Array(size);
      const stream = new brotli.DecompressStream();
      try {
        let at = 0;
        let rest = bytes;
        for (;;) {
          // By pieces: the page is allocated, what the stream may claim beyond it is not.
          const piece = stream.decompress(rest, Math.min(size - at + 1, PIECE_BYTES));
          page.set(piece.buf, at);
          at += piece.buf.length;
          rest = rest.subarray(piece.input_offset);
          if (piece.code === MORE_OUTPUT) continue;
          if (at !== size || piece.code !== DONE) throw notA("brotli", bytes, size);
          return page;
        }
      } catch (error) {
        throw notA("brotli", bytes, size, error);
      } finally {
        stream.free();
      }
    },
  };
}

async function importWasm() {
  try {
    return await import("brotli-wasm");
  } catch (error) {
    throw missingPackage("brotli-wasm", "brotli", error);
  }
}
