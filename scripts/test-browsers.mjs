// The tests of pages in browsers besides Chromium, which `npm test` runs: npm run test:browsers
import { fromRoot } from "./paths.mjs";
import { runHere } from "./run.mjs";

const vitest = [fromRoot("node_modules/vitest/vitest.mjs"), "run", "--project", "node"];
const files = ["firefox", "webkit"].map((name) => `test/browser/${name}.test.ts`);
process.exitCode = await runHere(process.execPath, [...vitest, ...files], { env: { ...process.env, FAUN_BROWSERS: "all" } });
