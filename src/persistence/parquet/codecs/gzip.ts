import { copyIfShared } from "../../../columns/utf8.ts";
import { type CodecOptions, notA, ofSize, type PageCodec } from "./codec.ts";
import { missingPackage, type NodeZlib } from "./platform.ts";

const LEVEL = 6;

/** By Node's zlib, else by fflate. */
export async function loadGzip({ level = LEVEL }: CodecOptions, zlib: NodeZlib | null): Promise<PageCodec> {
  if (zlib !== null) {
    return {
      name: "gzip",
      compress: (bytes) => zlib.gzipSync(copyIfShared(bytes), { level }),
      decompress(bytes, size) {
        let page: Uint8Array;
        try {
          page = zlib.gunzipSync(copyIfShared(bytes), { maxOutputLength: Math.max(size, 1) });
        } catch (error) {
          throw notA("gzip", bytes, size, error);
        }
        return ofSize("gzip", bytes, page, size);
      },
    };
  }
  const fflate = await loadFflate();
  return {
    name: "gzip",
    compress: (bytes) => fflate.gzipSync(bytes, { level: level as 6 }),
    decompress(bytes, size) {
      let page: Uint8Array;
      try {
        // One byte more than there should be, to see a page that is too long: fflate fills at most what it is given.
        page = fflate.gunzipSync(bytes, { out: new Uint8Array(size + 1) });
      } catch (error) {
        throw notA("gzip", bytes, size, error);
      }
      return ofSize("gzip", bytes, page, size);
    },
  };
}

async function loadFflate(): Promise<typeof import("fflate")> {
  try {
    return await import("fflate");
  } catch (error) {
    throw missingPackage("fflate", "gzip", error);
  }
}
