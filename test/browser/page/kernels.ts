import { Entity, enumOf, f64, Store, sum, UnsupportedError, u32, utf8 } from "faun";
import { kernelsOf, setArenaKernels } from "../../../src/query/wasm/arena-kernels.ts";

class Order extends Entity("orders", {
  orderId: u32().key(),
  totalAmount: f64(),
  status: enumOf("Pending", "Shipped", "Delivered"),
}) {}

class Note extends Entity("notes", { id: u32().key(), text: utf8() }) {}

const ROWS = 500_000;
const RUNS = 5;

const QUESTIONS = {
  count: (orders: Store<Order>) => orders.where((o) => o.status.eq("Delivered").and(o.totalAmount.gt(200))).count(),
  sum: (orders: Store<Order>) => orders.where((o) => o.totalAmount.between(50, 300)).sum("totalAmount"),
  group: (orders: Store<Order>) =>
    JSON.stringify(
      orders
        .groupBy("status")
        .aggregate({ revenue: sum("totalAmount") })
        .orderBy("status")
        .toArray(),
    ),
} as const;

export interface KernelReport {
  readonly allocator: string;
  /** Kind of the memory of the columns. */
  readonly memory: string;
  readonly kernels: "WebAssembly" | "JavaScript";
  readonly answers: Readonly<Record<string, unknown>>;
  /** The shortest of some runs. */
  readonly milliseconds: Readonly<Record<string, number>>;
}

/** Asks stores of some hundred thousand rows: on plain memory, and on shared memory with the kernels and without them. */
export function askStores(): (KernelReport | { readonly allocator: string; readonly refused: string })[] {
  return [ask("heap", true), ask("shared", true), ask("shared", false)];
}

function ask(allocator: "heap" | "shared", arenaKernels: boolean) {
  let orders: Store<Order>;
  try {
    orders = new Store(Order, { allocator });
  } catch (error) {
    if (error instanceof UnsupportedError) return { allocator, refused: error.message };
    throw error;
  }
  orders.addColumns({
    orderId: Uint32Array.from({ length: ROWS }, (_, i) => i),
    totalAmount: Float64Array.from({ length: ROWS }, (_, i) => (i % 1000) / 2),
    status: Uint8Array.from({ length: ROWS }, (_, i) => i % 3),
  });
  const { buffer } = orders.kernel.chunks("totalAmount")[0]!;
  setArenaKernels(arenaKernels);
  const answers: Record<string, unknown> = {};
  const milliseconds: Record<string, number> = {};
  for (const [name, question] of Object.entries(QUESTIONS)) {
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < RUNS; run++) {
      const start = performance.now();
      answers[name] = question(orders);
      best = Math.min(best, performance.now() - start);
    }
    milliseconds[name] = best;
  }
  const kernels = kernelsOf(buffer) === null ? "JavaScript" : "WebAssembly";
  setArenaKernels(true);
  return { allocator, memory: Object.prototype.toString.call(buffer).slice(8, -1), kernels, answers, milliseconds } as const;
}

/** What the questions must be answered with, by plain loops. */
export function answersByLoops(): Record<string, unknown> {
  const revenue = [0, 0, 0];
  let count = 0;
  let total = 0;
  for (let i = 0; i < ROWS; i++) {
    const amount = (i % 1000) / 2;
    if (i % 3 === 2 && amount > 200) count++;
    if (amount >= 50 && amount <= 300) total += amount;
    revenue[i % 3]! += amount;
  }
  const status = ["Pending", "Shipped", "Delivered"];
  return { count, sum: total, group: JSON.stringify(revenue.map((sum, i) => ({ status: status[i], revenue: sum }))) };
}

/** A table over a store's bytes, read by apache-arrow: numbers where they lie, also in shared memory, and text as it is. */
export function tableOverStore(allocator: "heap" | "shared") {
  const notes = new Store(Note, { allocator });
  notes.addBatch(Array.from({ length: 20_000 }, (_, id) => ({ id, text: `note ${id} äöü 🦌, longer than what a loop decodes` })));
  const table = notes.toArrow();
  return {
    text: table.get(19_999)?.text,
    sameBuffer: table.getChild("id")?.data[0]?.values.buffer === notes.kernel.chunks("id")[0]?.buffer,
  };
}
