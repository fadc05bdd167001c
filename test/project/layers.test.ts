import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkLayers, rules } from "./layers.ts";

const src = new URL("../../src/", import.meta.url);

test("src/ keeps to its layers, has no import circles, and its core is free of Node", () => {
  const paths = readdirSync(src, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts"));
  expect(paths).toContain("errors.ts");
  expect(checkLayers(new Map(paths.map((path) => [path, readFileSync(new URL(path, src), "utf8")])))).toEqual([]);
});

/** What the checker says of these files, standing beside two sound ones. */
const check = (files: Record<string, string>, changed = {}) =>
  checkLayers(
    new Map(
      Object.entries({
        "errors.ts": "export class FaunError extends Error {}",
        "entity/schema.ts": 'import { FaunError } from "../errors.ts"; export const x = FaunError;',
        ...files,
      }),
    ),
    { ...rules, ...changed },
  );

test("downward and sideways imports pass", () => {
  expect(
    check({
      "entity/fields.ts": 'import { x } from "./schema.ts"; export { x };',
      "store/store.ts": 'import { x } from "../entity/schema.ts"; import { Table } from "apache-arrow"; export { x, Table };',
      "index.ts": 'export * from "./store/store.ts";',
    }),
  ).toEqual([]);
});

test.each([
  ["import", 'import { y } from "../store/store.ts"; y();'],
  ["type import", 'import type { y } from "../store/store.ts"; export type Z = typeof y;'],
  ["re-export", 'export * from "../store/store.ts";'],
  ["import()", 'export const y = () => import("../store/store.ts");'],
  ["import type", 'export type Y = typeof import("../store/store.ts");'],
])("an upward %s is found", (_, text) => {
  expect(check({ "columns/bits.ts": text, "store/store.ts": "export const y = () => 1;" })).toEqual([
    "columns/bits.ts imports upward: store/store.ts",
  ]);
});

test("nothing imports the index", () => {
  expect(check({ "persistence/store.ts": 'import "../index.ts";', "index.ts": "export {};" })).toEqual([
    "persistence/store.ts imports upward: index.ts",
  ]);
});

test("an import circle is found", () => {
  expect(
    check({
      "soa/a.ts": 'import "./b.ts";',
      "soa/b.ts": 'import type { C } from "./c.ts"; export type B = C;',
      "soa/c.ts": 'import "./a.ts"; export type C = 1;',
    }),
  ).toEqual(["imports in a circle: soa/a.ts > soa/b.ts > soa/c.ts > soa/a.ts"]);
});

test.each([
  ['import { readFileSync } from "node:fs"; readFileSync("x");', "soa/a.ts is of the core but imports node:fs"],
  ['import { readFileSync } from "fs"; readFileSync("x");', "soa/a.ts is of the core but imports fs"],
  ['import fs from "fs/promises"; fs;', "soa/a.ts is of the core but imports fs/promises"],
  ['export const page = Buffer.from("x");', "soa/a.ts is of the core but uses Node's Buffer"],
  ["export const home = process.env.HOME;", "soa/a.ts is of the core but uses Node's process"],
  ["export const node = typeof process;", "soa/a.ts is of the core but uses Node's process"],
  ["export const all = { process };", "soa/a.ts is of the core but uses Node's process"],
  ["export const own = { process: 1, pid: process.pid };", "soa/a.ts is of the core but uses Node's process"],
  ['import lodash from "@x/lodash/fp"; lodash;', "soa/a.ts imports the package @x/lodash, which the core may not use"],
  ['import { Table } from "apache-arrow"; Table;', "soa/a.ts imports apache-arrow, which begins at the layer arrow"],
  ['import "./missing.ts";', "soa/a.ts imports ./missing.ts, which is no file of src/"],
])("the core refuses %s", (text, problem) => {
  expect(check({ "soa/a.ts": text })).toEqual([problem]);
});

test("a Node room may use Node", () => {
  const files = { "persistence/files/disk.ts": 'import "node:fs"; import "hyparquet"; process.pid;' };
  expect(check(files)).toHaveLength(3);
  expect(check(files, { nodeRooms: ["persistence/files"] })).toEqual([]);
});

test("names of one's own that Node has too pass", () => {
  expect(
    check({
      "soa/a.ts": `
        export function run(process: () => void, options: { module: string }) {
          process();
          const { module: name } = options;
          return { require: name, global: options.module };
        }`,
    }),
  ).toEqual([]);
});

test("a file outside the layers is found", () => {
  expect(check({ "helpers/misc.ts": "" })).toEqual([`helpers/misc.ts is in no layer (${rules.layers.join(" < ")})`]);
});
