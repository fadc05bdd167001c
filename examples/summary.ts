import type { FlightsResults } from "./flights/index.ts";
import { collects } from "./measure.ts";
import type { OrdersResults } from "./orders/index.ts";
import { bytes, duration, fixed, integer, rate, times } from "./terminal/numbers.ts";
import type { Ui } from "./terminal/ui.ts";

const BAR = 32;

export interface DemoResults {
  orders: OrdersResults;
  flights: FlightsResults;
  /** What was checked, all of it true. */
  checks: readonly string[];
  milliseconds: number;
}

/** The last page: what was measured in this run, on this machine. */
export function summarise(ui: Ui, { orders, flights, checks, milliseconds }: DemoResults): void {
  const { million, questions } = orders;
  const snappy = orders.codecs.find(({ compression }) => compression === "snappy");
  const three = flights.threeMillion;
  const n = million.orders;
  const durable = orders.durable.speeds
    .filter(({ durability }) => durability === "sync")
    .flatMap(({ perSecond }) =>
      [1, 1000].map((callers) => {
        const who = callers === 1 ? "one after the other" : `by ${integer(callers)} callers`;
        return [`Orders added ${who}, each synced`, "", "", rate(perSecond[callers] ?? 0, 1000)];
      }),
    );
  const took = (spent: number) => [duration(spent), rate(n, spent)];
  ui.heading("Summary, as measured just now");
  ui.table({
    columns: ["step", { title: "rows", align: "right" }, { title: "time", align: "right" }, { title: "speed", align: "right" }],
    rows: [
      ["Orders into a Store, objects to columns", integer(n), ...took(million.store.milliseconds)],
      ["Orders into a PersistentStore", integer(n), ...took(million.persistentStore.milliseconds)],
      ["The lot as an Arrow table, nothing copied", integer(n), duration(million.toArrowMilliseconds), ""],
      ["A restart: all of it loaded", integer(n), duration(million.restartMilliseconds), ""],
      "rule",
      ["Delivered revenue, array of objects", integer(n), ...took(million.revenueMilliseconds.arrayOfObjects)],
      ["Delivered revenue, views of a Store", integer(n), ...took(million.revenueMilliseconds.views)],
      ["Delivered revenue, columns of a Store", integer(n), ...took(million.revenueMilliseconds.columns)],
      ["Delivered revenue, a query", integer(n), ...took(million.revenueMilliseconds.query)],
      ...questions.timings.slice(1).map(({ question, store }) => [`${capital(question)}, a query`, integer(n), ...took(store)]),
      "rule",
      ["Orders saved as Parquet, snappy", integer(n), ...took(snappy?.saveMilliseconds ?? 0)],
      ["Orders loaded from it", integer(n), ...took(snappy?.loadMilliseconds ?? 0)],
      ...durable,
      ["Orders saved in a DuckDB file", integer(n), ...took(orders.sql.saveMilliseconds)],
      ["Four questions in SQL, of that file", integer(n), duration(orders.sql.milliseconds.file), ""],
      ["Four questions in SQL, of the Store", integer(n), duration(orders.sql.milliseconds.live), ""],
      "rule",
      ["Flights adopted from an Arrow file", integer(flights.flights), duration(flights.adoptMilliseconds), ""],
      ["Flights written as an Arrow file", integer(flights.flights), duration(flights.writtenBack.writeMilliseconds), ""],
      [
        "Flights taken in from somebody's Parquet file",
        integer(three.flights),
        duration(three.importMilliseconds),
        rate(three.flights, three.importMilliseconds),
      ],
    ],
  });

  ui.text(ui.colours.dim("Arrow, revenue and queries: the middle of five runs; the others ran once."));

  const { arrayOfObjects, arrayOfLeanObjects, store } = million.bytesPerOrder;
  const most = Math.max(arrayOfObjects, arrayOfLeanObjects, store);
  const memory = (value: number, colour: (text: string) => string) =>
    `${colour("█".repeat(Math.max(1, Math.round((value / most) * BAR))).padEnd(BAR))}  ${fixed(value, 1)} bytes an order, ${bytes(value * n)}`;
  ui.text("", ui.colours.bold("Memory"));
  ui.facts([
    ["array of objects", memory(arrayOfObjects, ui.colours.red)],
    ["  with plain numbers", memory(arrayOfLeanObjects, ui.colours.yellow)],
    ["Store, found by key", memory(store, ui.colours.green)],
  ]);
  ui.text(
    `An array of the same values takes ${times(arrayOfObjects / store)} what the Store takes;`,
    `with plain numbers for bigints and Dates ${times(arrayOfLeanObjects / store)}, and the low digits of a hash are gone.`,
  );
  if (million.store.memory.indexBytes < n) ui.text("Keys that count up, as these do, need no index table.");
  if (!collects) ui.text("(Measured without collections: node --expose-gc makes it exact.)");
  ui.text("", ui.colours.green(`${checks.length} checks made, all of them held. ${duration(milliseconds)} in all.`));
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
