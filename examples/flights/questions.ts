import { avg, count, type Store } from "faun";
import type { Demo } from "../demo.ts";
import { timed } from "../measure.ts";
import { bar } from "../terminal/bar.ts";
import { duration, fixed, integer, percent } from "../terminal/numbers.ts";
import type { Flight } from "./flight.ts";

/** Minutes from which a flight counts as delayed. */
const LATE = 15;

/** Miles, from and below. */
const BANDS = [
  [0, 250],
  [250, 500],
  [500, 1000],
  [1000, 2000],
  [2000, null],
] as const;

/** How many are late, and does the distance matter? */
export async function questions({ ui, check }: Demo, flights: Store<Flight>) {
  const asked = await timed(() => ({
    delayed: flights.where((f) => f.delay.ge(LATE)).count(),
    bands: byDistance(flights),
  }));
  const { delayed, bands } = asked.value;
  const share = delayed / flights.size;

  const longest = Math.max(...bands.map((band) => band.averageDelay));
  ui.facts([
    ["delayed", `${integer(delayed)} of ${integer(flights.size)}, ${percent(share)} (15 minutes or more)`],
    ["asked in", duration(asked.milliseconds)],
  ]);
  ui.table({
    columns: [
      "miles",
      { title: "flights", align: "right" },
      { title: "delayed", align: "right" },
      { title: "average delay", align: "right" },
      "",
    ],
    rows: bands.map(({ from, below, flights, delayed, averageDelay }) => [
      below === null ? `${integer(from)} and more` : `${integer(from)} to ${integer(below - 1)}`,
      integer(flights),
      percent(flights === 0 ? 0 : delayed / flights),
      `${fixed(averageDelay, 1)} min`,
      ui.colours.yellow(bar(averageDelay, longest)),
    ]),
  });
  check("the query counts what the class calls delayed", delayed === flights.filter((flight) => flight.isDelayed).length);
  check("every flight is in one band", bands.reduce((sum, band) => sum + band.flights, 0) === flights.size);
  check("the bands have as many delayed flights as the whole", bands.reduce((sum, band) => sum + band.delayed, 0) === delayed);

  return { delayed, delayedShare: share, byDistance: bands, milliseconds: asked.milliseconds };
}

/** One query a band; each reads the two columns it needs. */
function byDistance(flights: Store<Flight>) {
  return BANDS.map(([from, below]) => {
    const band = flights
      .where((f) => (below === null ? f.distance.ge(from) : f.distance.ge(from).and(f.distance.lt(below))))
      .aggregate((f) => ({ flights: count(), delayed: count().where(f.delay.ge(LATE)), averageDelay: avg(f.delay) }))
      .first();
    return { from, below, flights: band?.flights ?? 0, delayed: band?.delayed ?? 0, averageDelay: band?.averageDelay ?? 0 };
  });
}
