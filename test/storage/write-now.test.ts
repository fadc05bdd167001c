import { expect, test } from "vitest";
import { NewFile } from "../../src/persistence/storage/file-handles.ts";
import { WriteNow } from "../../src/persistence/storage/write-now.ts";

/** A file that takes bytes by either way, and who wrote each. */
function file(now: (length: number) => number) {
  const content: number[] = [];
  const ways: string[] = [];
  const put = (way: string, bytes: Uint8Array, from: number, length: number, position: number) => {
    expect(position).toBe(content.length);
    content.push(...bytes.subarray(from, from + length));
    ways.push(`${way} ${length}`);
    return length;
  };
  const handle = {
    write: async (bytes: Uint8Array, from: number, length: number, position: number) => ({
      bytesWritten: put("later", bytes, from, length, position),
    }),
    datasync: async () => {},
    close: async () => {},
  };
  const writeNow = new WriteNow(
    { writeSync: (_, bytes, from, length, position) => put("now", bytes, from, now(length), position) },
    7,
  );
  return { content, ways, writer: new NewFile("a", handle, writeNow) };
}

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => i);

test("few bytes are written at once, many by another thread, and each of them once", async () => {
  const { content, ways, writer } = file((length) => Math.min(length, 100));
  await writer.write(bytes(250));
  await writer.write(bytes(20_000));
  expect(ways).toEqual(["now 100", "now 100", "now 50", "later 20000"]);
  expect(content).toEqual([...bytes(250), ...bytes(20_000)]);
  expect(writer.position).toBe(20_250);
});

test("what was interrupted is tried again; another failure is the writer's", async () => {
  let code = "EINTR";
  const { ways, writer } = file(() => {
    throw Object.assign(new Error(code), { code });
  });
  await writer.write(bytes(10));
  expect(ways).toEqual(["later 10"]);
  code = "EIO";
  await expect(writer.write(bytes(10))).rejects.toThrow(/cannot write a: EIO/);
});

test("where writing takes its time, this thread does not wait for it any more", async () => {
  const { ways, writer } = file((length) => {
    const until = performance.now() + 1.5;
    while (performance.now() < until);
    return length;
  });
  for (let i = 0; i < 5; i++) await writer.write(bytes(10));
  expect(ways).toEqual(["now 10", "now 10", "now 10", "later 10", "later 10"]);
});
