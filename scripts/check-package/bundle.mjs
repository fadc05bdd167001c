import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Imports whose cost is told, each as a user would write it. */
export const IMPORTS = [
  { name: "{ Entity }", code: 'export { Entity } from "faun";' },
  { name: "{ Entity, Store }", code: 'export { Entity, Store } from "faun";' },
  {
    name: "{ Entity, Store } and queries",
    code: 'export { avg, count, Entity, f64, max, min, query, Store, sum, u64, utf8 } from "faun";',
  },
  { name: "all of faun", code: 'export * from "faun";' },
  { name: "{ ParquetPersistence }", code: 'export { ParquetPersistence } from "faun/parquet";' },
];

/**
 * Bundles a script for a page as esbuild does by default: no stubs, no aliases, what is imported dynamically in files of
 * its own. An import that has no meaning in a page makes it fail.
 * @param {string} code
 * @param {string} folder where "faun" is found from
 * @returns what is loaded at once: packages ("faun" for Faun itself) with their bytes, and the text; `later` has the
 * packages of the other files
 */
export async function bundleForPage(code, folder) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: folder, sourcefile: "entry.js" },
    absWorkingDir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    platform: "browser",
    format: "esm",
    outdir: "out",
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const { outputs } = metafile;
  const textOf = (name) => outputFiles.find(({ path }) => path.replaceAll("\\", "/").endsWith(name)).text;
  const first = new Set([Object.keys(outputs).find((name) => outputs[name].entryPoint === "entry.js")]);
  for (const name of first) for (const { path, kind } of outputs[name].imports) if (kind === "import-statement") first.add(path);
  const atOnce = new Map();
  const later = new Set();
  for (const [name, { inputs }] of Object.entries(outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      if (bytesInOutput === 0 || input === "entry.js") continue;
      const owner = packageOf(input);
      if (first.has(name)) atOnce.set(owner, (atOnce.get(owner) ?? 0) + bytesInOutput);
      else later.add(owner);
    }
  }
  return { text: [...first].map(textOf).join("\n"), atOnce, later };
}

/** "faun" for files in no package of node_modules, as in this project itself. */
function packageOf(input) {
  return input.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? "faun";
}

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

/** What a page loads for an import, in words: minified, compressed with gzip, and what of it is not Faun's. */
export function sizeOf({ text, atOnce }) {
  const others = [...atOnce].filter(([name]) => name !== "faun").sort((a, b) => b[1] - a[1]);
  const share = others.length === 0 ? "" : `, of which ${others.map(([name, bytes]) => `${name} ${kB(bytes)}`).join(", ")}`;
  return `${kB(gzipSync(text).length)} gzip, ${kB(text.length)} minified${share}`;
}
