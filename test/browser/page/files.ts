/** Tests that a page runs: files that Node runs, not others made after them. Each is a bundle, loaded when it is its turn. */
export interface PageFile {
  readonly load: () => Promise<unknown>;
  /** Needs the "shared" allocator, and so a cross-origin isolated page. */
  readonly shared: boolean;
}

const anywhere = (load: () => Promise<unknown>): PageFile => ({ load, shared: false });
const shared = (load: () => Promise<unknown>): PageFile => ({ load, shared: true });

export const FILES: Readonly<Record<string, PageFile>> = {
  "arrow/round-trip": shared(() => import("../../arrow/round-trip.test.ts")),
  "arrow/conversions": shared(() => import("../../arrow/conversions.test.ts")),
  "columns/utf8": shared(() => import("../../columns/utf8.test.ts")),
  "entity/json": anywhere(() => import("../../entity/json.both.test.ts")),
  "query/aggregates": shared(() => import("../../query/engine/aggregates.both.test.ts")),
  "query/store-query": anywhere(() => import("../../query/store-query.test.ts")),
  "conformance in memory": anywhere(() => import("./conformance-memory.ts")),
};

/** Those of storage that only browsers have. */
export const STORAGE_FILES = { opfs: anywhere(() => import("./opfs.ts")) };
