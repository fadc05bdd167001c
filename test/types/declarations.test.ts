/**
 * A library of entities publishes declarations: the compiler must be able to write them (no TS2742, TS4094 or TS4020),
 * and what it wrote must mean the same to whoever imports it.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compilers } from "../../scripts/paths.mjs";

/** Two runs of a compiler, on a machine that may be busy. */
const LIMIT_MS = 300_000;

const here = fileURLToPath(new URL(".", import.meta.url));

const LIBRARY = `
import { count, Entity, enumOf, max, query, Store, timestamp, u64, utf8 } from "faun";
export class Order extends Entity("orders", {
  orderId: u64().key(),
  status: enumOf("Pending", "Shipped"),
  placed: timestamp("us").nullable(),
  note: utf8().default("-"),
}) {
  #ships = 0;
  get isOpen() { return this.status === "Pending"; }
  ship() { this.#ships++; this.status = "Shipped"; return this; }
}
export class Rush extends Order {}
export const Point = Entity("points", { x: u64(), y: u64().nullable() });
export const orders = new Store(Order);
export const find = (id: bigint) => orders.get(id);
export const makeOrder = (id: bigint) => new Order({ orderId: id, status: "Pending" });
export const open = query(Order).where((o) => o.status.eq("Pending"));
export const monthly = query(Order)
  .groupBy((o) => ({ month: o.placed.dateTrunc("month") }))
  .aggregate((o) => ({ orders: count(), note: max(o.note), late: count().where(o.note.startsWith("late")) }));
`;

const USER = `
import { Store } from "faun";
import { find, makeOrder, monthly, open, Order, orders, Point, Rush } from "./library.js";
export const opened: boolean = new Order({ orderId: 1n, status: "Pending" }).ship().isOpen;
export const status: "Pending" | "Shipped" | undefined = find(1n)?.status;
export const y: bigint | null = new Point({ x: 1n }).y;
export const rush: Rush = Rush.fromJSON(makeOrder(1n).toJSON());
new Store(Order).add(rush);
orders.update(1n, { note: "late" });
open.select("orderId").where((o) => o.orderId.gt(1n));
monthly.having((r) => r.orders.gt(1).and(r.month.isNull(), r.note.eq("-"))).orderBy("late");
// @ts-expect-error
monthly.orderBy("noted");
// @ts-expect-error
open.where((o) => o.status.eq("Shiped"));
// @ts-expect-error
new Order({ orderId: 1n, status: "Shiped" });
// @ts-expect-error
orders.get("1");
// @ts-expect-error
rush.orderId = 2n;
`;

describe.each(compilers)("on $name", ({ tsc }) => {
  let folder: string;
  beforeAll(() => {
    // Inside the tests' folder, so that packages are found as they are elsewhere.
    folder = mkdtempSync(join(here, ".declarations-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const compile = (files: string[], options: object): string => {
    const compilerOptions = {
      rootDir: "../../..",
      allowImportingTsExtensions: true,
      rewriteRelativeImportExtensions: false,
      noEmit: false,
      emitDeclarationOnly: true,
      declaration: true,
      outDir: "out",
      paths: { faun: ["../../../src/index.ts"] },
      ...options,
    };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: "../../tsconfig.json", compilerOptions, files, include: [], exclude: [] }),
    );
    const { stdout, stderr, error } = spawnSync(process.execPath, [tsc, "--project", folder, "--pretty", "false"], {
      cwd: folder,
      encoding: "utf8",
    });
    if (error) throw error;
    return stdout + stderr;
  };

  test(
    "entities are written as declarations that read back as the same types",
    () => {
      writeFileSync(join(folder, "library.ts"), LIBRARY);
      expect(compile(["library.ts"], {})).toBe("");
      const declarations = readFileSync(join(folder, "out/test/types", folder.slice(here.length), "library.d.ts"), "utf8");
      expect(declarations).toContain("class Order extends");
      expect(declarations).toContain('"Pending" | "Shipped"');
      expect(declarations).not.toMatch(/\bany\b/);

      rmSync(join(folder, "library.ts"));
      writeFileSync(join(folder, "library.d.ts"), declarations);
      writeFileSync(join(folder, "user.ts"), USER);
      expect(compile(["user.ts"], { noEmit: true, emitDeclarationOnly: false, declaration: false })).toBe("");
    },
    LIMIT_MS,
  );
});
