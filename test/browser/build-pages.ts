import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/**
 * The tests see the built package, by its exports map as users' bundlers do; what they take from inside of src/ comes from
 * the same files of dist/. `vitest` is its runner and `expect` without the rest.
 */
const plugin: Plugin = {
  name: "built package",
  setup({ onResolve }) {
    onResolve({ filter: /^vitest$/ }, () => ({ path: fromRoot("test/browser/page/vitest.ts") }));
    onResolve({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
      path: fromRoot(path.replace(/^.*\/src\//, "dist/").replace(/\.ts$/, ".js")),
    }));
  },
};

/**
 * Bundles `page/page.ts` for a page, with nothing that stands in for a module of Node; Faun's Parquet worker is an entry of
 * its own, and the codecs' WebAssembly is copied, for esbuild leaves `new URL("./worker.js", import.meta.url)` as it is.
 * @returns files by name
 */
export async function buildPages(): Promise<Map<string, string | Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: [fromRoot("test/browser/page/page.ts"), fromRoot("dist/persistence/parquet/engine/worker.js")],
    entryNames: "[name]",
    bundle: true,
    splitting: true,
    platform: "browser",
    format: "esm",
    target: "es2023",
    outdir: "out",
    write: false,
    logLevel: "silent",
    // Not that of the tests, which has paths into src/.
    tsconfigRaw: {},
    plugins: [plugin],
  });
  const files = new Map<string, string | Uint8Array>(outputFiles.map(({ path, text }) => [basename(path), text]));
  for (const path of ["@bokuweb/zstd-wasm/dist/web/zstd.wasm", "brotli-wasm/pkg.web/brotli_wasm_bg.wasm"])
    files.set(basename(path), readFileSync(fromRoot(`node_modules/${path}`)));
  return files;
}
