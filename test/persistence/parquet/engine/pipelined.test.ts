import { expect, test } from "vitest";
import { pipelined } from "../../../../src/persistence/parquet/engine/pipelined.ts";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("keeps the order, and no more than its depth under way", async () => {
  let underWay = 0;
  let most = 0;
  const results: number[] = [];
  const start = async (n: number) => {
    most = Math.max(most, ++underWay);
    await wait(n % 3);
    underWay--;
    return n;
  };
  for await (const n of pipelined(
    Array.from({ length: 20 }, (_, i) => i),
    start,
    3,
  ))
    results.push(n);
  expect(results).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(most).toBe(3);
});

test("an error comes in its turn, after what is under way has ended", async () => {
  let ended = 0;
  const start = async (n: number) => {
    await wait(n === 1 ? 1 : 10);
    ended++;
    if (n === 1) throw new Error("one");
    return n;
  };
  const seen: number[] = [];
  const all = (async () => {
    for await (const n of pipelined([0, 1, 2, 3, 4], start, 3)) seen.push(n);
  })();
  await expect(all).rejects.toThrow("one");
  expect(seen).toEqual([0]);
  expect(ended).toBe(4);
});

test("whoever stops taking stops it", async () => {
  let started = 0;
  let ended = 0;
  const start = async () => {
    started++;
    await wait(2);
    ended++;
  };
  for await (const _ of pipelined(Array.from({ length: 100 }), start)) break;
  expect(started).toBeLessThan(5);
  expect(ended).toBe(started);
});
