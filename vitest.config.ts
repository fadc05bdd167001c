import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Two minutes of other browsers than Chromium: `npm run test:browsers` runs them. */
const otherBrowsers = process.env.FAUN_BROWSERS === "all" ? [] : ["test/browser/firefox.test.ts", "test/browser/webkit.test.ts"];

const fromRoot = (path: string) => fileURLToPath(new URL(path, import.meta.url));

declare module "vitest" {
  interface ProvidedContext {
    /** Whether this project's workers may make code from strings. */
    codegen: "allowed" | "forbidden";
  }
}

/**
 * Three projects. `node` runs every test but those of `test/memory` and of other browsers; `no-codegen` runs those named `*.both.test.ts`
 * once more in workers that forbid code generation from strings (as a page's CSP may), where Faun takes its closure
 * paths; `memory` runs `test/memory` in workers that can collect garbage when told to.
 */
export default defineConfig({
  resolve: {
    alias: [
      { find: /^faun$/, replacement: fromRoot("./src/index.ts") },
      { find: /^faun\/duckdb$/, replacement: fromRoot("./src/persistence/duckdb/index.ts") },
      { find: /^faun\/parquet$/, replacement: fromRoot("./src/persistence/parquet/index.ts") },
    ],
  },
  test: {
    globalSetup: fromRoot("./test/build-dist.ts"),
    // By default one processor is left to whoever watches, which on two of them is half.
    maxWorkers: "100%",
    testTimeout: 300_000,
    hookTimeout: 300_000,
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/memory/**", ...otherBrowsers],
          pool: "forks",
          provide: { codegen: "allowed" },
        },
      },
      {
        extends: true,
        test: {
          name: "no-codegen",
          include: ["test/**/*.both.test.ts"],
          pool: "forks",
          execArgv: ["--disallow-code-generation-from-strings"],
          provide: { codegen: "forbidden" },
        },
      },
      {
        extends: true,
        test: {
          name: "memory",
          include: ["test/memory/**/*.test.ts"],
          pool: "forks",
          execArgv: ["--expose-gc"],
          // Has glibc give large blocks back as soon as they are free: what it keeps is as large as chance will have it.
          env: { MALLOC_MMAP_THRESHOLD_: "65536" },
          provide: { codegen: "allowed" },
        },
      },
    ],
  },
});
