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
 * its own, for esbuild leaves `new URL("./worker.js", import.meta.url)` as it is.
 * @returns files by name
 */
export async function buildPages(): Promise<Map<string, string>> {
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
  return new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
}
