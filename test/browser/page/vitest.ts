// Stands for "vitest" in a page: its runner and its `expect`, without the rest, which needs Node.
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  type ExpectStatic,
  getState,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from "@vitest/expect";
import { startTests, type Task, type VitestRunnerConfig } from "@vitest/runner";

export { afterAll, afterEach, beforeAll, beforeEach, describe, it, onTestFinished, test } from "@vitest/runner";

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);
// Objects in messages are shown in full.
chai.config.truncateThreshold = 200;

const assert = (value: unknown, message?: string) => chai.expect(value, message);
export const expect: ExpectStatic = Object.assign(
  assert,
  chai.expect,
  (globalThis as unknown as Record<symbol, object>)[ASYMMETRIC_MATCHERS_OBJECT],
  {
    getState: () => getState(expect),
    setState: (state: object) => setState(state, expect),
  },
) as unknown as ExpectStatic;
setState(
  { assertionCalls: 0, isExpectingAssertions: false, expectedAssertionsNumber: null, expectedAssertionsNumberErrorGen: null },
  expect,
);

export interface FileReport {
  readonly file: string;
  readonly passed: number;
  readonly skipped: number;
  /** Name and message of each. */
  readonly failed: readonly string[];
  readonly milliseconds: number;
}

const config: VitestRunnerConfig = {
  root: "/",
  setupFiles: [],
  name: undefined,
  passWithNoTests: false,
  testNamePattern: undefined,
  allowOnly: false,
  sequence: { seed: 1, hooks: "stack", setupFiles: "list" },
  chaiConfig: undefined,
  maxConcurrency: 5,
  testTimeout: 60_000,
  hookTimeout: 60_000,
  retry: 0,
  includeTaskLocation: false,
  tags: [],
  tagsFilter: undefined,
  strictTags: false,
};

/** Runs the tests of one file. @param load imports it */
export async function runFile(file: string, load: () => Promise<unknown>): Promise<FileReport> {
  const start = performance.now();
  const [ran] = await startTests([file], { config, importFile: load });
  let passed = 0;
  let skipped = 0;
  const failed: string[] = [];
  const visit = (task: Task, names: readonly string[]) => {
    for (const { message, stack } of task.result?.errors ?? [])
      failed.push(`${[...names, task.name].join(" > ")}: ${message}\n${stack ?? ""}`);
    if (task.type === "suite") for (const child of task.tasks) visit(child, task === ran ? [] : [...names, task.name]);
    else if (task.mode === "skip" || task.result?.state === "skip") skipped++;
    else if (task.result?.state === "pass") passed++;
    else if ((task.result?.errors ?? []).length === 0) failed.push(`${[...names, task.name].join(" > ")}: did not end`);
  };
  visit(ran as Task, []);
  return { file, passed, skipped, failed, milliseconds: performance.now() - start };
}
