// Compiles assembly/scan.ts into src/query/wasm/module.ts: npm run build:wasm; with --check only tells whether that is up to date.
import { readFileSync, writeFileSync } from "node:fs";
import asc from "assemblyscript/asc";
import { fromRoot } from "./paths.mjs";

const OPTIONS = [
  "--optimizeLevel=3",
  "--shrinkLevel=1",
  "--noAssert",
  "--runtime=stub",
  "--use=abort=",
  "--noExportMemory",
  "--importMemory",
  "--sharedMemory",
  "--initialMemory=1",
  // As far as 32 bits reach: a memory may have less.
  "--maximumMemory=65536",
  "--enable=simd,threads",
];

/** The text of module.ts for the source as it is. */
export async function wasmModuleText() {
  const source = readFileSync(fromRoot("assembly/scan.ts"), "utf8");
  const outputs = new Map();
  const { error, stderr } = await asc.main(["scan.ts", "--outFile=scan.wasm", ...OPTIONS], {
    readFile: (name) => (name === "scan.ts" ? source : null),
    writeFile: (name, contents) => outputs.set(name, contents),
    listFiles: () => [],
  });
  if (error !== null) throw new Error(`assembly/scan.ts does not compile:\n${stderr.toString()}`);
  const base64 = Buffer.from(outputs.get("scan.wasm")).toString("base64");
  const lines = base64.match(/.{1,120}/g).map((line) => `  "${line}",`);
  return `// Made by npm run build:wasm from assembly/scan.ts. Do not edit.\nexport const WASM_BASE64: string = [\n${lines.join("\n")}\n].join("");\n`;
}

if (process.argv[1] !== undefined && import.meta.url.endsWith("build-wasm.mjs") && process.argv[1].endsWith("build-wasm.mjs")) {
  const text = await wasmModuleText();
  const path = fromRoot("src/query/wasm/module.ts");
  if (!process.argv.includes("--check")) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) {
    console.error("src/query/wasm/module.ts is not what assembly/scan.ts compiles to: run npm run build:wasm");
    process.exitCode = 1;
  }
}
