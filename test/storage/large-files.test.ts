import { constants } from "node:buffer";
import { expect, test } from "vitest";
import { NewFile, OpenFile } from "../../src/persistence/storage/file-handles.ts";
import type { FileHandle } from "../../src/persistence/storage/file-system.ts";

/** More than Node reads or writes in one call. Untouched, they take no memory. */
const BYTES = 2 ** 31 + 8;

/** A handle that is as particular as Node's, and moves no bytes. */
function handle() {
  const calls: [length: number, position: number][] = [];
  const moved = (length: number, position: number) => {
    if (length >= 2 ** 31) throw new RangeError("ERR_OUT_OF_RANGE");
    calls.push([length, position]);
    return length;
  };
  const of = {
    read: async (_: Uint8Array, __: number, length: number, position: number) => ({ bytesRead: moved(length, position) }),
    write: async (_: Uint8Array, __: number, length: number, position: number) => ({ bytesWritten: moved(length, position) }),
  };
  return { handle: of as unknown as FileHandle, calls };
}

test("files of more than 2 GiB are read and written in pieces", async () => {
  expect(constants.MAX_LENGTH).toBeGreaterThan(BYTES);
  const pieces = [
    [2 ** 30, 0],
    [2 ** 30, 2 ** 30],
    [8, 2 ** 31],
  ];
  const reading = handle();
  await new OpenFile("large", reading.handle, BYTES).read(0, BYTES);
  expect(reading.calls).toEqual(pieces);
  const writing = handle();
  await new NewFile("large", writing.handle).write(new Uint8Array(BYTES));
  expect(writing.calls).toEqual(pieces);
});
