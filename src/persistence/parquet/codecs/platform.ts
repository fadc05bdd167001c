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

/** A package that is installed only where it is needed. @throws UnsupportedError that tells how to install it */
export async function optionalPackage<M>(name: string, what: string, load: () => Promise<M>): Promise<M> {
  try {
    return await load();
  } catch (error) {
    throw new UnsupportedError(`${what} needs the package ${name} here; install it with: npm install ${name}`, { cause: error });
  }
}
