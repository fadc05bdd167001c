import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/**
 * Bundles a script for a page, as users' bundlers would, with "faun" taken from src/.
 * A `node:` import or any other that has no meaning in a page makes it fail.
 * @param entry path from the project's folder
 * @returns a script that puts the entry's exports into the global `bundle`
 */
export async function bundleForBrowser(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fromRoot(entry)],
    alias: { faun: fromRoot("src/index.ts") },
    bundle: true,
    platform: "browser",
    format: "iife",
    globalName: "bundle",
    target: "es2023",
    write: false,
    logLevel: "silent",
  });
  return outputFiles[0]!.text;
}
