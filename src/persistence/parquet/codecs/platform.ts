import { UnsupportedError } from "../../../errors.ts";

/** What is used of Node's zlib: `zstd…` from Node 22.15 on. */
export interface NodeZlib {
  gzipSync(bytes: Uint8Array, options: object): Uint8Array;
  gunzipSync(bytes: Uint8Array, options: object): Uint8Array;
  brotliCompressSync(bytes: Uint8Array, options: object): Uint8Array;
  brotliDecompressSync(bytes: Uint8Array, options: object): Uint8Array;
  readonly zstdCompressSync?: (bytes: Uint8Array, options: object) => Uint8Array;
  readonly zstdDecompressSync?: (bytes: Uint8Array, options: object) => Uint8Array;
  readonly constants: Readonly<Record<string, number>>;
}

interface NodeProcess {
  getBuiltinModule?(name: string): unknown;
}

/** Node's zlib, or null where there is none: in a browser. */
export function nodeZlib(): NodeZlib | null {
  const { process } = globalThis as { process?: NodeProcess };
  return (process?.getBuiltinModule?.("node:zlib") as NodeZlib | undefined) ?? null;
}

/**
 * What is thrown where a package is not there that is installed only where it is needed. It is imported in a `try` on the
 * spot: then bundlers warn of one that is not installed, and do not fail.
 */
export const missingPackage = (name: string, what: string, cause: unknown): UnsupportedError =>
  new UnsupportedError(`${what} needs the package ${name} here; install it with: npm install ${name}`, { cause });

/** More than fetching a megabyte takes; from then on it is taken for failed. */
const PATIENCE_MS = 30_000;

/**
 * Waits for a package that fetches its WebAssembly from beside the script, as in a page.
 * @throws UnsupportedError that names the file where it does not come
 */
export async function wasmOf<M>(name: string, file: string, loading: Promise<M>): Promise<M> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came within ${PATIENCE_MS / 1000} seconds`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([loading, late]);
  } catch (error) {
    throw new UnsupportedError(`${name} could not load its WebAssembly: ${file} must be served where the bundle looks for it`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}
