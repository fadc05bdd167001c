import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { avg, category, count, Entity, i16, query, Store, timestamp } from "faun";
import { ParquetPersistence } from "faun/parquet";
import type { Demo } from "../demo.ts";
import { timed } from "../measure.ts";
import { bytes, duration, fixed, integer, times } from "../terminal/numbers.ts";

/** The flights of 2001 up to summer, with where they went: columns of a file that Polars wrote. */
class Departure extends Entity("departures", {
  /** Local, as planned. */
  date: timestamp("us", { mode: "bigint" }),
  delay: i16(),
  distance: i16(),
  origin: category(),
  destination: category(),
}) {}

const FILE = fileURLToPath(new URL("../data/flights-3m.parquet", import.meta.resolve("vega-datasets")));

const microseconds = (date: string) => BigInt(Date.parse(`${date}Z`)) * 1000n;

/** Somebody else's Parquet file: asked where it lies, taken in, and saved as ours. */
export async function threeMillion({ ui, check }: Demo) {
  const attached = ParquetPersistence.attach(Departure, FILE);
  const rows = await attached.count();

  const inJune = query(Departure)
    .where((d) => d.date.between(microseconds("2001-06-01T00:00"), microseconds("2001-06-07T23:59")))
    .groupBy("origin")
    .aggregate({ flights: count(), averageDelay: avg("delay") })
    .orderBy("flights", "desc")
    .limit(5);
  const plan = await attached.explain(inJune);
  const asked = await timed(async () => (await attached.query(inJune)).toArray());
  const imported = await timed(() => attached.load());
  const flights = Store.over(imported.value);
  const again = await timed(() => flights.query(inJune).toArray());
  check("the file and the store give the same answer", JSON.stringify(asked.value) === JSON.stringify(again.value));
  check(`all ${integer(rows)} flights were taken in`, flights.size === rows);

  const folder = await mkdtemp(join(tmpdir(), "faun-flights-"));
  try {
    const persistence = new ParquetPersistence(Departure, folder, { compression: "zstd" });
    const saved = await timed(() => persistence.save(flights));
    const ours = (await persistence.memoryStats()).totalBytes;
    const loaded = await timed(() => persistence.load());
    check("and were saved and loaded again", loaded.value.size === rows);
    await persistence.close();
    await attached.close();
    const theirs = (await stat(FILE)).size;

    ui.facts([
      ["the file", `${integer(rows)} flights in ${bytes(theirs)}, zstd, written by Polars`],
      ["asked", `${duration(asked.milliseconds)} in the file, ${duration(again.milliseconds)} in memory`],
    ]);
    ui.text(...plan.split("\n").map((line) => ui.colours.dim(line)));
    ui.table({
      columns: ["first week of June, from", { title: "flights", align: "right" }, { title: "average delay", align: "right" }],
      rows: asked.value.map(({ origin, flights, averageDelay }) => [
        origin,
        integer(flights),
        `${fixed(averageDelay ?? 0, 1)} min`,
      ]),
    });
    ui.facts([
      ["taken in", duration(imported.milliseconds)],
      ["saved", `${bytes(ours)} in ${duration(saved.milliseconds)}, ${times(ours / theirs)} the size of the original`],
      ["loaded again", duration(loaded.milliseconds)],
    ]);
    return {
      flights: rows,
      askMilliseconds: asked.milliseconds,
      importMilliseconds: imported.milliseconds,
      saveMilliseconds: saved.milliseconds,
      loadMilliseconds: loaded.milliseconds,
      originalBytes: theirs,
      bytes: ours,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
