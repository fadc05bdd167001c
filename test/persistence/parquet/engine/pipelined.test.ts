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
    { depth: 3 },
  ))
    results.push(n);
  expect(results).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(most).toBe(3);
});

test("an error comes in its turn, after what is under way has ended", async () => {
  let started = 0;
  let ended = 0;
  const start = async (n: number) => {
    started++;
    await wait(n === 1 ? 1 : 10);
    ended++;
    if (n === 1) throw new Error("one");
    return n;
  };
  const seen: number[] = [];
  const all = (async () => {
    for await (const n of pipelined([0, 1, 2, 3, 4], start, { depth: 3 })) seen.push(n);
  })();
  await expect(all).rejects.toThrow("one");
  expect(seen).toEqual([0]);
  expect(started).toBeGreaterThan(2);
  expect(ended).toBe(started);
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

test("what counts nothing is run past, and the next is under way while a result is used", async () => {
  const started: number[] = [];
  const begin = async (n: number) => {
    started.push(n);
    return n;
  };
  const results: number[] = [];
  for await (const n of pipelined([0, 0, 0, 0, 1, 2, 3], begin, { free: (n) => n === 0 })) {
    results.push(n);
    await wait(1);
    // Of those that count, the one that is used and one more.
    expect(started.filter((each) => each > 0)).toEqual([1, 2, 3].slice(0, Math.max(2, n + 1)));
  }
  expect(results).toEqual([0, 0, 0, 0, 1, 2, 3]);
});

test("an error of the source comes after what it gave before; a source that is not read to its end is closed", async () => {
  let closed = 0;
  async function* failing() {
    try {
      yield 1;
      yield 2;
      throw new Error("source");
    } finally {
      closed++;
    }
  }
  const seen: number[] = [];
  const all = (async () => {
    for await (const n of pipelined(failing(), async (n) => n)) seen.push(n);
  })();
  await expect(all).rejects.toThrow("source");
  expect(seen).toEqual([1, 2]);
  expect(closed).toBe(1);
  for await (const _ of pipelined(failing(), async (n) => n)) break;
  expect(closed).toBe(2);
});
