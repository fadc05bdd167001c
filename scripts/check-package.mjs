// Tries the package as somebody who has just installed it: packs it, installs the tarball into an empty folder, runs the
// README's examples there, also under the newest Node, compiles an exported entity with declarations, bundles it for a page.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { typeProblems } from "./check-package/attw.mjs";
import { bundleForPage, IMPORTS, sizeOf } from "./check-package/bundle.mjs";
import { fetchNewestNode } from "./check-package/newest-node.mjs";
import { compilers, fromRoot } from "./paths.mjs";
import { readmeExamples } from "./readme-examples.mjs";
import { run } from "./run.mjs";

const folder = mkdtempSync(join(tmpdir(), "faun-package-"));
const write = (path, text) => writeFileSync(join(folder, path), text);
const tsc = (compiler, ...args) => run(process.execPath, [compiler.tsc, "--pretty", "false", ...args], { cwd: folder });
const npm = (args, options) => run("npm", args, { shell: process.platform === "win32", ...options });

const results = { passed: 0, failed: 0 };
async function check(name, body) {
  try {
    const note = await body();
    results.passed++;
    console.log(`  ok    ${name}${note ? ` (${note})` : ""}`);
  } catch (error) {
    results.failed++;
    console.log(`  FAIL  ${name}\n${String(error.message).replace(/^/gm, "        ")}`);
  }
}

const newestNode = fetchNewestNode(join(folder, "newest-node"));

console.log("Packing and installing into an empty folder ...");
npm(["run", "--silent", "clean"]);
npm(["run", "--silent", "build"]);
const [packed] = JSON.parse(npm(["pack", "--json", "--ignore-scripts", "--pack-destination", folder]).stdout);
const arrow = JSON.parse(readFileSync(fromRoot("node_modules/apache-arrow/package.json"), "utf8")).version;
write("package.json", JSON.stringify({ name: "consumer", private: true, type: "module" }));
npm(["install", "--prefer-offline", "--no-audit", "--no-fund", `./${packed.filename}`, `apache-arrow@${arrow}`], { cwd: folder });

await check("the tarball holds what it should and nothing else", () => {
  const paths = packed.files.map((file) => file.path);
  const needed = ["package.json", "README.md", "LICENSE", "dist/index.js", "dist/index.d.ts", "dist/cli/main.js", "src/index.ts"];
  const missing = needed.filter((path) => !paths.includes(path));
  if (missing.length > 0) throw new Error(`missing: ${missing.join(", ")}`);
  const stray = paths.filter(
    (path) => !needed.includes(path) && path !== "CHANGELOG.md" && !/^(dist\/.+\.(js|d\.ts)(\.map)?|src\/.+\.ts)$/.test(path),
  );
  if (stray.length > 0) throw new Error(`stray: ${stray.join(", ")}`);
  return `${paths.length} files, ${Math.round(packed.size / 1000)} kB packed, ${Math.round(packed.unpackedSize / 1000)} kB unpacked`;
});

await check("publint has nothing to say", async () => {
  const { messages, pkg } = await publint({ pkgDir: join(folder, "node_modules/faun"), strict: true });
  if (messages.length > 0) throw new Error(messages.map((message) => formatMessage(message, pkg)).join("\n"));
});

await check("arethetypeswrong has nothing to say (for a package of ECMAScript modules only)", async () => {
  const problems = await typeProblems(join(folder, packed.filename));
  if (problems.length > 0) throw new Error(problems.join("\n"));
});

const examples = readmeExamples(readFileSync(fromRoot("README.md"), "utf8"));
if (examples.length === 0) throw new Error("README.md has no example marked <!-- run -->");
mkdirSync(join(folder, "readme"));
for (const [i, { code }] of examples.entries()) write(`readme/example-${i + 1}.ts`, code);
const options = { target: "es2023", module: "nodenext", strict: true, lib: ["es2023", "dom"], types: [] };
write(
  "tsconfig.readme.json",
  JSON.stringify({ compilerOptions: { ...options, rootDir: "readme", outDir: "readme/built" }, include: ["readme"] }),
);

for (const compiler of compilers) {
  await check(`the README's examples compile on ${compiler.name}`, () => void tsc(compiler, "--project", "tsconfig.readme.json"));
}
const runExamples = async (node, version) => {
  // What an example stores is not there for the next Node.
  const cwd = mkdtempSync(join(folder, "readme-"));
  for (const [i, { prints }] of examples.entries()) {
    await check(
      `the README's example ${i + 1} runs${prints === undefined ? "" : " and prints what it says"} (${version})`,
      () => {
        const { stdout } = run(node, [join(folder, `readme/built/example-${i + 1}.js`)], { cwd });
        if (prints !== undefined && stdout.trim() !== prints.trim())
          throw new Error(`it printed:\n${stdout}\ninstead of:\n${prints}`);
      },
    );
  }
};
await runExamples(process.execPath, process.version);

// What a library of entities publishes: its declarations must be writable, and readable by whoever imports them.
mkdirSync(join(folder, "lib"));
write("lib/entity.ts", readFileSync(fromRoot("scripts/check-package/entity.ts"), "utf8"));
mkdirSync(join(folder, "user"));
write("user/user.ts", readFileSync(fromRoot("scripts/check-package/user.ts"), "utf8"));
for (const compiler of compilers) {
  for (const [resolution, module] of [
    ["nodenext", "nodenext"],
    ["bundler", "preserve"],
  ]) {
    await check(`an exported entity compiles to declarations and is used through them (${resolution}, ${compiler.name})`, () => {
      rmSync(join(folder, "lib-built"), { recursive: true, force: true });
      const shared = { ...options, module, moduleResolution: resolution };
      const lib = { ...shared, declaration: true, rootDir: "lib", outDir: "lib-built" };
      write("tsconfig.lib.json", JSON.stringify({ compilerOptions: lib, include: ["lib"] }));
      write("tsconfig.user.json", JSON.stringify({ compilerOptions: { ...shared, noEmit: true }, include: ["user"] }));
      tsc(compiler, "--project", "tsconfig.lib.json");
      tsc(compiler, "--project", "tsconfig.user.json");
    });
  }
}

write(
  "store.js",
  `import { Entity, PersistentStore, u32 } from "faun";
  import { ParquetPersistence } from "faun/parquet";
  class Item extends Entity("items", { id: u32().key() }) {}
  const items = await PersistentStore.open(new ParquetPersistence(Item, "./stored"));
  await items.addBatch(Array.from({ length: 1000 }, (_, id) => ({ id: items.size + id })));
  await items.close();`,
);

await check("npx faun inspect tells what is stored, and finds a flipped bit", () => {
  run(process.execPath, ["store.js"], { cwd: folder });
  const inspect = (...args) =>
    npm(["exec", "--offline", "--no", "--", "faun", "inspect", "./stored", ...args], { cwd: folder }).stdout;
  const { entity, rows, sound } = JSON.parse(inspect("--json"));
  if (entity !== "items" || rows !== 1000 || sound !== true) throw new Error(JSON.stringify({ entity, rows, sound }));
  if (!/^items {2}1,000 rows/.test(inspect())) throw new Error(inspect());
  const whole = readFileSync(join(folder, "stored/data.parquet"));
  const bytes = Uint8Array.from(whole);
  bytes[20] ^= 1;
  write("stored/data.parquet", bytes);
  try {
    inspect();
  } catch (error) {
    if (!/exited with 1[^0-9]/.test(error.message) || !/DAMAGE.*row group 0, column "id"/.test(error.message)) throw error;
    write("stored/data.parquet", whole);
    return;
  }
  throw new Error("a flipped bit was not found");
});

const newest = await newestNode;
if (newest.missing !== undefined) console.log(`  SKIPPED  the newest Node: ${newest.missing}`);
else {
  const version = run(newest.node, ["--version"]).stdout.trim();
  await runExamples(newest.node, version);
  await check(`what one Node stored another adds to and reads (${process.version}, ${version})`, () => {
    for (const node of [newest.node, process.execPath]) run(node, ["store.js"], { cwd: folder });
    const said = run(newest.node, ["node_modules/faun/dist/cli/main.js", "inspect", "./stored", "--json"], {
      cwd: folder,
    }).stdout;
    const { rows, sound } = JSON.parse(said);
    if (rows !== 3000 || sound !== true) throw new Error(said);
  });
}

for (const { name, code } of IMPORTS) {
  await check(`a page bundles ${name}`, async () => {
    const bundle = await bundleForPage(code, folder);
    if (/\b(?:from|import|require)\b\s*\(?\s*["']node:/.test(bundle.text)) throw new Error("it imports a node: module");
    return sizeOf(bundle);
  });
}

await check("nothing is kept of what is not used", async () => {
  const { text } = await bundleForPage('import "faun"; import "faun/parquet";', folder);
  if (text.trim() !== "") throw new Error(`unused imports leave ${text.length} bytes behind`);
});

if (process.env.FAUN_KEEP) console.log(`kept: ${folder}`);
else rmSync(folder, { recursive: true, force: true });
console.log(`package: ${results.passed} passed, ${results.failed} failed`);
process.exitCode = results.failed === 0 ? 0 : 1;
