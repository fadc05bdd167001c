import fc from "fast-check";
import { Entity, PersistentStore, u32, utf8 } from "faun";
import { MemoryStorage, ParquetPersistence } from "faun/parquet";
import { expect, test } from "vitest";
import { readIpc } from "../../src/arrow/from-ipc.ts";
import { joinMessages, wholeMessages } from "../../src/arrow/join-messages.ts";
import { joinBytes } from "../../src/columns/join-bytes.ts";
import type { RecordedChange } from "../../src/persistence/log/commit-record.ts";
import { readLog } from "../../src/persistence/log/read-log.ts";
import { Every, everyRow } from "../entity/every.ts";

test("a log of few rows a commit, of every type and null, gives every value back", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(everyRow, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 12 }),
      async (commits) => {
        const storage = new MemoryStorage();
        const store = await PersistentStore.open(new ParquetPersistence(Every, storage));
        let id = 0;
        for (const rows of commits) await store.addBatch(rows.map((values) => ({ id: id++, ...values })) as never);
        const reader = new ParquetPersistence(Every, storage, { readOnly: true, includeLog: true });
        const loaded = await PersistentStore.open(reader);
        expect([...loaded].map((one) => one.toObject())).toEqual([...store].map((one) => one.toObject()));
        await loaded.close();
        await store.close();
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

class Named extends Entity("named", { id: u32().key(), name: utf8().nullable() }) {}

test("messages that lie alike are read together, others one by one, with the same rows", async () => {
  const storage = new MemoryStorage();
  const store = await PersistentStore.open(new ParquetPersistence(Named, storage));
  const names = ["abc", "def", "", null, "ghi", "a longer one", "jkl", "mno", null, null, "\u{1f600}"];
  for (const [id, name] of names.entries()) await store.add({ id, name });
  await store.addBatch([
    { id: 100, name: "two" },
    { id: 101, name: "rows" },
  ]);
  const changes: RecordedChange[] = [];
  await readLog(storage, "log", { after: 0n, entity: "named" }, ({ record }) => changes.push(...record.changes));
  const [{ schema, bytes }] = changes;
  if (schema === null) throw new Error("the log has no schema");
  const messages = {
    bytes,
    starts: changes.map(({ start }) => start),
    ends: changes.map(({ end }) => end),
    metadata: changes.map(({ metadata }) => metadata),
  };
  // Rows that lie alike share what is told of it.
  expect(new Set(messages.metadata).size).toBeLessThan(names.length);
  const table = joinMessages(schema, messages);
  expect(table.batches).toHaveLength(1);
  const [ids, texts] = [0, 1].map((i) => table.batches[0].column(i));
  expect([...new Uint32Array(ids.values.slice().buffer)]).toEqual([...store].map(({ id }) => id));
  const ends = new Int32Array((texts.offsets as Uint8Array).slice().buffer);
  const found = [...store].map((_, i) =>
    ((texts.validity as Uint8Array)[i >> 3] & (1 << (i & 7))) === 0
      ? null
      : new TextDecoder().decode(texts.values.subarray(ends[i], ends[i + 1])),
  );
  expect(found).toEqual([...store].map(({ name }) => name));
  // What is no message is refused as a stream of it would be.
  const [whole] = [wholeMessages(messages).slice(0, 2)].map(joinBytes);
  const cut = (length: number) => ({ bytes: whole, starts: [0], ends: [length], metadata: [null] });
  expect(joinMessages(schema, cut(whole.length)).batches[0].length).toBe(1);
  expect(() => joinMessages(schema, cut(40))).toThrow("truncated");
  expect(() => readIpc(whole)).toThrow();
  await store.close();
});
