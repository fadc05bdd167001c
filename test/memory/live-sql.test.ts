/** SQL over live rows gives back what it took. */
import { Entity, f64, Store, u64, utf8 } from "faun";
import { sqlOver } from "faun/duckdb";
import { expect, test } from "vitest";
import { collect } from "./order.ts";

class Order extends Entity("orders", { orderId: u64().key(), total: f64(), note: utf8() }) {}
const ROWS = 20_000;

interface Used {
  readonly rss: number;
  readonly ours: number;
}
const NOTHING_USUAL: Used = { rss: Number.POSITIVE_INFINITY, ours: Number.POSITIVE_INFINITY };

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const middle = (rounds: readonly Used[]): Used => ({
  rss: median(rounds.map((each) => each.rss)),
  ours: median(rounds.map((each) => each.ours)),
});

/** Collections in a row that free nothing to speak of, after which everything has gone that can go. */
const CALM = 4;
/** How long to wait for memory that the engine's threads have yet to give back. */
const PATIENCE_MS = 10_000;

/**
 * What is left once everything that can go has gone. Handles of the binding go one collection after what held them, and
 * the engine's threads give their memory back some time later, the later the busier the machine: whoever is above `usual`
 * is given time to come down to it, which what leaks never does.
 */
async function settled(usual: Used): Promise<Used> {
  const least = { rss: Number.POSITIVE_INFINITY, ours: Number.POSITIVE_INFINITY };
  const end = Date.now() + PATIENCE_MS;
  const high = () => least.rss > 1.03 * usual.rss || least.ours > 1.03 * usual.ours;
  for (let calm = 0; calm < CALM || (high() && Date.now() < end); ) {
    await collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    const ours = heapUsed + arrayBuffers;
    calm = rss < 0.998 * least.rss || ours < 0.998 * least.ours ? 0 : calm + 1;
    least.rss = Math.min(least.rss, rss);
    least.ours = Math.min(least.ours, ours);
  }
  return least;
}

test("1,000 statements left early and 200 at once, in ten rounds of writing: right answers, and memory stays flat", {
  timeout: 300_000,
}, async () => {
  const orders = new Store(Order);
  orders.addBatch(Array.from({ length: ROWS }, (_, i) => ({ orderId: BigInt(i), total: 1, note: `the note of order ${i}` })));
  const db = await sqlOver({ orders });
  const used: Used[] = [];
  let next = 0;
  for (let round = 1; round <= 10; round++) {
    let working = true;
    const writer = (async () => {
      for (; working; next++) {
        // The sum and the count stay what they are.
        orders.get(BigInt(next % ROWS))!.total += 1;
        orders.get(BigInt((next * 31 + 7) % ROWS))!.total -= 1;
        if (next % 10 === 0) orders.update(BigInt(next % 1000), { note: `written over ${next} times` });
        if (next % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    for (let i = 0; i < 100; i++) {
      let seen = 0;
      for await (const { order_id } of db.sql<{ order_id: bigint }>`SELECT * FROM orders`) {
        expect(order_id).toBe(BigInt(seen));
        if (++seen === 5) break;
      }
    }
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => db.sql`SELECT sum(o.total) AS total, count(*) AS n FROM orders o`.rows()),
    );
    for (const answer of answers) expect(answer).toEqual([{ total: ROWS, n: BigInt(ROWS) }]);
    working = false;
    await writer;
    used.push(await settled(used.length === 0 ? NOTHING_USUAL : middle(used)));
  }
  await db.close();
  // As it was by round 5, of three rounds, for the system itself may take pages away or give some for a moment.
  const [before, later] = [middle(used.slice(2, 5)), middle(used.slice(5))];
  expect(later.rss / before.rss).toBeLessThan(1.05);
  // One version of the rows that were written over may be held at any moment; one more a round would be four.
  expect(later.ours).toBeLessThan(1.05 * before.ours + orders.memoryStats().columnBytes);
});
