/**
 * The examples of docs/queries.md, docs/semantics.md and docs/duckdb.md: type-checked, and run. A fence of `ts` is an example, a fence
 * of `js` behind it the value of its last expression, a fence of `text` that value as text, or the error it throws.
 * The fence of `ts setup` stands in front of each example anew.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript-5.9";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compilers, fromRoot } from "../../scripts/paths.mjs";
import { AggregateCall } from "../../src/query/aggregate-functions.ts";
import { BoundQuery } from "../../src/query/bound-query.ts";
import { ColumnRef } from "../../src/query/column-ref.ts";
import { QueryPlan } from "../../src/query/query.ts";

interface Example {
  readonly line: number;
  readonly code: string;
  /** What it gives, an expression or text; both undefined where the example only has to run. */
  js?: string;
  text?: string;
}

interface Document {
  readonly setup: string;
  readonly examples: readonly Example[];
}

function readDocument(name: string): Document {
  const markdown = readFileSync(fromRoot(`docs/${name}.md`), "utf8");
  let setup = "";
  const examples: Example[] = [];
  for (const { index, 1: kind, 2: body } of markdown.matchAll(/^```(ts setup|ts|js|text)\n([\s\S]*?)\n```$/gm)) {
    if (kind === "ts setup") setup = body!;
    else if (kind === "ts") examples.push({ line: markdown.slice(0, index).split("\n").length + 1, code: body! });
    else {
      const example = examples.at(-1);
      if (example === undefined || example.js !== undefined || example.text !== undefined)
        throw new Error(`a result of nothing: ${body}`);
      example[kind as "js" | "text"] = body!;
    }
  }
  return { setup, examples };
}

/** A module that has a function for each example, and one for what it should give. */
function moduleOf({ setup, examples }: Document): string {
  const imports = /^import [\s\S]*? from "faun(\/duckdb)?";\n(import .*\n)*/m.exec(setup)?.[0] ?? "";
  const shared = setup.replace(imports, "");
  const functions = examples.map(
    ({ code, js = "undefined" }, i) =>
      `export async function example${i}() {\n${shared}\n${returning(code)}\n}\nexport const expected${i} = () => (${js});\n`,
  );
  return imports + functions.join("");
}

/** The code with its last expression returned. */
function returning(code: string): string {
  const last = ts.createSourceFile("example.ts", code, ts.ScriptTarget.Latest, true).statements.at(-1);
  if (last === undefined || !ts.isExpressionStatement(last)) return code;
  return `${code.slice(0, last.getStart())}return ${code.slice(last.getStart())}`;
}

describe.each(["queries", "semantics", "duckdb"])("docs/%s.md", (name) => {
  const document = readDocument(name);
  let folder: string;
  let module: Record<string, () => unknown>;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "faun-docs-"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "examples.ts"), moduleOf(document));
    module = (await import(/* @vite-ignore */ join(folder, "examples.ts"))) as typeof module;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(document.examples.map((example, i) => ({ ...example, i })))("line $line", async ({ i, js, text }) => {
    let found: unknown;
    try {
      found = await module[`example${i}`]!();
    } catch (error) {
      if (text === undefined) throw error;
      found = error;
    }
    if (text !== undefined) expect(String(found)).toBe(text);
    else if (js !== undefined) expect(found).toStrictEqual(module[`expected${i}`]!());
  });

  test("compiles", () => {
    const config = join(folder, "tsconfig.json");
    const paths = { faun: [fromRoot("src/index.ts")], "faun/duckdb": [fromRoot("src/persistence/duckdb/index.ts")] };
    const compilerOptions = { paths, types: [], noUnusedLocals: false, noUnusedParameters: false };
    writeFileSync(config, JSON.stringify({ extends: fromRoot("tsconfig.json"), compilerOptions, include: ["examples.ts"] }));
    const tsc = [compilers[0]!.tsc, "--project", config, "--pretty", "false"];
    expect(spawnSync(process.execPath, tsc, { encoding: "utf8" }).stdout).toBe("");
  });
});

test("docs/queries.md shows every operation with what it gives", () => {
  const { examples } = readDocument("queries");
  const shown = examples.map(({ code, js, text }) => (js === undefined && text === undefined ? "" : code)).join("\n");
  const internal = ["constructor", "source", "take", "watch", "derive", "bound", "plan", "toJSON", "expression", "scope", "type"];
  const methods = [ColumnRef, QueryPlan, BoundQuery, AggregateCall].flatMap((of) => Object.getOwnPropertyNames(of.prototype));
  const functions = ["count", "countDistinct", "sum", "min", "max", "avg", "stddev", "first", "last", "query", "queryFromJson"];
  const missing = [
    ...methods.filter((name) => !internal.includes(name) && name !== "measure" && !shown.includes(`.${name}(`)),
    ...functions.filter((name) => !new RegExp(`(?<!\\.)\\b${name}\\(`).test(shown)),
  ];
  expect(missing).toEqual([]);
});
