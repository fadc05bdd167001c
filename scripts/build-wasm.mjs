// Compiles the modules of assembly/ into TypeScript: npm run build:wasm; with --check only tells whether that is up to date.
import { readFileSync, writeFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import { fromRoot } from "./paths.mjs";

const OPTIONS = ["--optimizeLevel=3", "--shrinkLevel=1", "--noAssert", "--runtime=stub", "--use=abort="];

/** Works in the arenas of stores. */
const SHARED_MEMORY = [
  "--noExportMemory",
  "--importMemory",
  "--sharedMemory",
  "--initialMemory=1",
  // As far as 32 bits reach: a memory may have less.
  "--maximumMemory=65536",
  "--enable=simd,threads",
];

/** What is compiled from which source, and how. */
export const MODULES = {
  "src/query/wasm/module.ts": { source: "assembly/scan.ts", options: SHARED_MEMORY },
  "src/persistence/parquet/codecs/wasm-module.ts": { source: "assembly/codecs.ts", options: [] },
  "src/persistence/parquet/kernels/wasm-module.ts": { source: "assembly/pages.ts", options: [] },
};

/** The text of a module for the source as it is. */
export async function wasmModuleText(path = "src/query/wasm/module.ts") {
  const { source, options } = MODULES[path];
  const text = readFileSync(fromRoot(source), "utf8");
  const outputs = new Map();
  const { error, stderr } = await asc.main(["module.ts", "--outFile=module.wasm", ...OPTIONS, ...options], {
    readFile: (name) => (name === "module.ts" ? text : null),
    writeFile: (name, contents) => outputs.set(name, contents),
    listFiles: () => [],
  });
  if (error !== null) throw new Error(`${source} does not compile:\n${stderr.toString()}`);
  const base64 = Buffer.from(outputs.get("module.wasm")).toString("base64");
  const lines = base64.match(/.{1,120}/g).map((line) => `  "${line}",`);
  return `// Made by npm run build:wasm from ${source}. Do not edit.\nexport const WASM_BASE64: string = [\n${lines.join("\n")}\n].join("");\n`;
}

if (process.argv[1] !== undefined && import.meta.url.endsWith("build-wasm.mjs") && process.argv[1].endsWith("build-wasm.mjs")) {
  for (const path of Object.keys(MODULES)) {
    const text = await wasmModuleText(path);
    if (!process.argv.includes("--check")) writeFileSync(fromRoot(path), text);
    else if (readFileSync(fromRoot(path), "utf8") !== text) {
      console.error(`${path} is not what ${MODULES[path].source} compiles to: run npm run build:wasm`);
      process.exitCode = 1;
    }
  }
}
