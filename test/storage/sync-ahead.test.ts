import { expect, test } from "vitest";
import { IoError } from "../../src/errors.ts";
import { NewFile } from "../../src/persistence/storage/file-handles.ts";

/** A file whose syncs end when they are told to, and what was done to it. */
function file() {
  const done: string[] = [];
  const syncs: { end(): void; fail(error: Error): void }[] = [];
  const handle = {
    write: async (_: Uint8Array, _from: number, length: number) => {
      done.push(`write ${length}`);
      return { bytesWritten: length };
    },
    datasync: () => {
      done.push("sync");
      return new Promise<void>((end, fail) => syncs.push({ end, fail }));
    },
    close: async () => {
      done.push("close");
    },
  };
  return { done, syncs, writer: new NewFile("a", handle, null, 100) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("bytes are written while those before them are synced, and the last sync has them all", async () => {
  const { done, syncs, writer } = file();
  writer.syncAhead();
  await writer.write(new Uint8Array(7));
  expect(done).toEqual(["sync", "write 7"]);
  const synced = writer.sync();
  await turn();
  expect(done).toEqual(["sync", "write 7"]);
  syncs[0]!.end();
  await turn();
  expect(done).toEqual(["sync", "write 7", "sync"]);
  syncs[1]!.end();
  await synced;
  await writer.close();
  expect(done).toEqual(["sync", "write 7", "sync", "close"]);
});

test("a sync that failed is told of, and none follows it", async () => {
  const { done, syncs, writer } = file();
  writer.syncAhead();
  await writer.write(new Uint8Array(7));
  syncs[0]!.fail(new Error("lost"));
  await expect(writer.sync()).rejects.toThrow(IoError);
  await expect(writer.sync()).rejects.toThrow("after an earlier failure");
  await writer.close();
  expect(done).toEqual(["sync", "write 7", "close"]);
});

test("a file is closed once what is under way is over, however it went", async () => {
  const { done, syncs, writer } = file();
  writer.syncAhead();
  const closed = writer.close();
  await turn();
  expect(done).toEqual(["sync"]);
  syncs[0]!.fail(new Error("lost"));
  await closed;
  expect(done).toEqual(["sync", "close"]);
});
