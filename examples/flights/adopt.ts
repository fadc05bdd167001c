import { readFile } from "node:fs/promises";
import { inspect } from "node:util";
import { type Table, tableFromIPC } from "apache-arrow";
import { Store } from "faun";
import type { Demo } from "../demo.ts";
import { timed } from "../measure.ts";
import { duration, integer } from "../terminal/numbers.ts";
import { Flight } from "./flight.ts";

/** Of the package vega-datasets. Its writer knew nothing of Faun. */
const FILE = new URL("../data/flights-200k.arrow", import.meta.resolve("vega-datasets"));

/** Reads somebody else's Arrow file and makes it a store of domain objects, without copying a column. */
export async function adopt({ ui, check }: Demo) {
  const table = tableFromIPC(await readFile(FILE));
  const adopted = await timed(() => Store.fromArrow(Flight, table));
  const flights = adopted.value;
  const memory = flights.memoryStats();

  ui.facts([
    ["source", "U.S. Bureau of Transportation Statistics, in the package vega-datasets"],
    ["its schema", table.schema.fields.map((field) => `${field.name}: ${field.type}`).join(", ")],
    ["flights", `${integer(flights.size)}, adopted in ${duration(adopted.milliseconds)}`],
    ["one of them", `${inspect(flights.at(100_000))}, departs ${flights.at(100_000)?.departure}`],
  ]);
  check("every row of the file is a flight", flights.size === table.numRows && flights.size > 0);
  check("no column was copied: the store reads the file's own buffers", sharesBuffers(table, flights));

  return { table, flights, results: { flights: flights.size, adoptMilliseconds: adopted.milliseconds, memory } };
}

/** Whether each chunk of a store is a part of the table's buffers, at the place where it belongs. */
function sharesBuffers(table: Table, flights: Store<Flight>): boolean {
  return (["delay", "distance", "time"] as const).every((name) => {
    const [data] = table.getChild(name)?.data ?? [];
    if (data === undefined) return false;
    let at: number = data.values.byteOffset;
    return flights.kernel.chunks(name).every((chunk) => {
      const inPlace = chunk.buffer === data.values.buffer && chunk.byteOffset === at;
      at += chunk.byteLength;
      return inPlace;
    });
  });
}
