import { Entity, type EntityClass, type EntityRow, FaunError, i32, Store } from "faun";
import { MemoryStorage, ParquetPersistence } from "faun/parquet";
import { describe, expect, test } from "vitest";
import type { Hostile } from "./hostile.ts";
import { HOSTILE_ARROW } from "./hostile-arrow.ts";
import { HOSTILE_PARQUET } from "./hostile-parquet.ts";

function entityOf({ field = i32(), column = "x" }: Hostile): EntityClass<EntityRow> {
  const declared = (field as { column(name: string): ReturnType<typeof i32> }).column(column);
  return class Seen extends Entity("seen", { value: declared }) {} as unknown as EntityClass<EntityRow>;
}

async function readParquet(hostile: Hostile): Promise<Iterable<EntityRow>> {
  const storage = new MemoryStorage();
  await storage.putIfAbsent("f", hostile.file);
  return (await ParquetPersistence.attach(entityOf(hostile), { storage, name: "f" }).load()).rows();
}

const readArrow = async (hostile: Hostile): Promise<Iterable<EntityRow>> => Store.fromArrow(entityOf(hostile), hostile.file);

/** The values of the column, or the error in a line. What is no typed error fails the test. */
async function outcome(read: Promise<Iterable<EntityRow>>): Promise<unknown> {
  try {
    return Array.from(await read, (row) => (row.toObject() as { value: unknown }).value);
  } catch (error) {
    if (!(error instanceof FaunError)) throw error;
    return `${error.name}: ${error.message}`;
  }
}

const named = (files: readonly Hostile[]) => files.map((hostile) => [hostile.what, hostile] as const);

function expectOutcome(is: unknown, { refused, values }: Hostile): void {
  if (refused === undefined) expect(is).toEqual(values);
  else expect(String(is).slice(0, refused.length)).toBe(refused);
}

describe("Parquet files from outside", () => {
  test.each(named(HOSTILE_PARQUET))("%s", async (_, hostile) => {
    expectOutcome(await outcome(readParquet(hostile)), hostile);
  });
});

describe("Arrow data from outside", () => {
  test.each(named(HOSTILE_ARROW))("%s", async (_, hostile) => {
    expectOutcome(await outcome(readArrow(hostile)), hostile);
  });
});
