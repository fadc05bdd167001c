import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { PersistentStore } from "faun";
import { ParquetPersistence } from "faun/parquet";
import type { Demo } from "../demo.ts";
import { timed } from "../measure.ts";
import { duration, integer, rate } from "../terminal/numbers.ts";
import { generateOrders } from "./generate.ts";
import { Order } from "./order.ts";

const FOLDER = "./durable_demo_data";
const DURABILITIES = ["sync", "interval", "os"] as const;
const CALLERS = [1, 100, 1000] as const;

/** How long each of them adds orders. */
const MILLISECONDS = 150;
/** How long the writer may live once it has begun. */
const LIFE_MILLISECONDS = 400;
/** More than it can add in its life. */
const ROWS = 500_000;

/** What a crash of the machine can take; a killed process loses nothing of what it was told. */
const AT_RISK = { sync: "nothing", interval: "the last second", os: "what the system has not written" } as const;

/** (j) Orders that are on disk when `add` resolves: how many a second, and what is left of them after a kill. */
export async function durable({ ui, check }: Demo) {
  await rm(FOLDER, { recursive: true, force: true });
  const speeds = [];
  for (const durability of DURABILITIES) {
    const store = await PersistentStore.open(new ParquetPersistence(Order, `${FOLDER}/${durability}`, { durability }));
    const orders = generateOrders(10 * ROWS);
    const perSecond: Record<number, number> = {};
    // Many first: V8 has learned the way by the time one is measured.
    for (const callers of CALLERS.toReversed()) perSecond[callers] = await addsPerSecond(store, orders, callers);
    const { size } = store;
    await store.close();
    check(`at durability "${durability}" each of ${integer(size)} orders is in the file`, size === (await stored(durability)));
    speeds.push({ durability, orders: size, perSecond });
  }
  ui.table({
    columns: [
      "durability",
      ...CALLERS.map((callers) => ({ title: `${integer(callers)} caller${callers > 1 ? "s" : ""}`, align: "right" as const })),
      "what a crash of the machine can take",
    ],
    rows: speeds.map(({ durability, perSecond }) => [
      durability,
      ...CALLERS.map((callers) => rate(perSecond[callers] ?? 0, 1000, "adds")),
      AT_RISK[durability],
    ]),
  });
  ui.text(ui.colours.dim("Each caller adds an order and waits until it is stored; those who wait together share one sync."), "");

  const kill = await killed({ ui, check });
  return { speeds, kill };
}

async function addsPerSecond(store: PersistentStore<Order>, orders: ReturnType<typeof generateOrders>, callers: number) {
  let added = 0;
  const start = performance.now();
  const caller = async () => {
    while (performance.now() - start < MILLISECONDS) {
      const next = orders.next();
      if (next.done) return;
      await store.add(next.value);
      added++;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (added / (performance.now() - start)) * 1000;
}

async function stored(durability: string): Promise<number> {
  const persistence = new ParquetPersistence(Order, `${FOLDER}/${durability}`, { readOnly: true });
  const count = await persistence.count();
  await persistence.close();
  return count;
}

/** A process that writes is killed in the middle, and its folder opened again. */
async function killed({ ui, check }: Pick<Demo, "ui" | "check">) {
  const folder = `${FOLDER}/killed`;
  const { acknowledged, signal } = await writeUntilKilled(folder);
  const { value: reopened, milliseconds } = await timed(() => PersistentStore.open(new ParquetPersistence(Order, folder)));
  const found = reopened.size;
  ui.facts([
    ["a process adding orders", `killed (${signal}) when it had been told that ${integer(acknowledged.length)} are stored`],
    [
      "opened again",
      `in ${duration(milliseconds)}: ${integer(found)} orders, ${integer(found - acknowledged.length)} that were on their way`,
    ],
  ]);
  check("the writer did not end by itself", signal === "SIGKILL");
  check("every order it was told of is there", acknowledged.length > 0 && acknowledged.every((orderId) => reopened.has(orderId)));
  const whole = new Map<bigint, string>();
  for (const order of generateOrders(ROWS)) {
    whole.set(order.orderId, JSON.stringify(new Order(order)));
    // Ids count up, and no more than one a caller was on its way.
    if (whole.size >= found + 100) break;
  }
  check(
    "each order that is there is whole, and there once",
    [...reopened].every((order) => {
      const asWritten = whole.get(order.orderId) === JSON.stringify(order);
      whole.delete(order.orderId);
      return asWritten;
    }),
  );
  await reopened.close();
  return { acknowledged: acknowledged.length, found, reopenMilliseconds: milliseconds };
}

function writeUntilKilled(folder: string): Promise<{ acknowledged: bigint[]; signal: string | null }> {
  return new Promise((resolve, reject) => {
    const writer = fileURLToPath(new URL("./durable-writer.js", import.meta.url));
    const child = spawn(process.execPath, [writer, folder, String(ROWS)], { stdio: ["ignore", "pipe", "inherit"] });
    let told = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (text: string) => {
      if (told === "") setTimeout(() => child.kill("SIGKILL"), LIFE_MILLISECONDS);
      told += text;
    });
    child.on("error", reject);
    child.on("close", (_, signal) => {
      // A last line without its end may be a part of a number.
      const lines = told.split("\n").slice(0, -1);
      resolve({ acknowledged: lines.map(BigInt), signal });
    });
  });
}
