import { tableFromIPC } from "apache-arrow";
import fc from "fast-check";
import { category, Entity, Store, u32 } from "faun";
import { expect, test } from "vitest";
import { joinBytes } from "../../src/columns/join-bytes.ts";
import { rowMessages, schemaBytes } from "../../src/persistence/log/row-messages.ts";
import { Every, everyRow } from "../entity/every.ts";

const END_OF_STREAM = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);

/** The rows as apache-arrow reads them out of the messages. */
function read(rows: Store<Every>["kernel"]) {
  const messages = rowMessages(rows);
  for (const { metadata, body, bodyBytes } of messages) {
    expect(metadata.length % 8).toBe(0);
    expect(bodyBytes % 8).toBe(0);
    expect(joinBytes(body)).toHaveLength(bodyBytes);
  }
  const parts = messages.flatMap(({ metadata, body }) => [metadata, ...body]);
  return tableFromIPC(joinBytes([schemaBytes(rows), ...parts, END_OF_STREAM]));
}

const nullsOf = (store: Store<Every>, field: number): number =>
  Array.from(store, (one) => Object.values(one.toObject())[field]).filter((value) => value === null).length;

test("messages written by hand give apache-arrow every value of every type, and every null", () => {
  fc.assert(
    fc.property(fc.array(everyRow, { minLength: 1, maxLength: 20 }), fc.nat(19), (rows, gone) => {
      const store = new Store(Every);
      store.addBatch(rows.map((values, id) => ({ id, ...values })) as never);
      // Rows are written without those that were deleted, and with values that were changed.
      if (rows.length > 1) store.delete((gone % rows.length) as never);
      const [last] = rows;
      if (rows.length > 1) store.update(((gone + 1) % rows.length) as never, last as never);
      const found = read(store.kernel);
      const objects = (from: Store<Every>) => Array.from(from, (one) => one.toObject());
      expect(objects(Store.fromArrow(Every, found))).toEqual(objects(store));
      for (const [i, { name, nullable }] of found.schema.fields.entries())
        if (nullable) expect(found.getChild(name)?.nullCount).toBe(nullsOf(store, i));
    }),
    { numRuns: 30 },
  );
});

test("texts of different lengths lie alike as long as they fit the same room", () => {
  class Named extends Entity("named", { id: u32().key(), name: category() }) {}
  const metadataOf = (name: string) => {
    const store = new Store(Named);
    store.add({ id: 1, name });
    return rowMessages(store.kernel)[0].metadata;
  };
  expect(metadataOf("abcde")).toEqual(metadataOf("fg"));
  expect(metadataOf("a".repeat(33))).toEqual(metadataOf("a".repeat(64)));
  expect(metadataOf("a".repeat(64))).not.toEqual(metadataOf("a".repeat(65)));
});
