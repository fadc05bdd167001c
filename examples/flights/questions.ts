import type { Store } from "faun";
import type { Demo } from "../demo.ts";
import { timed } from "../measure.ts";
import { duration, fixed, integer, percent } from "../terminal/numbers.ts";
import type { Flight } from "./flight.ts";

/** Miles, from and below. */
const BANDS = [
  [0, 250],
  [250, 500],
  [500, 1000],
  [1000, 2000],
  [2000, Number.POSITIVE_INFINITY],
] as const;

const BAR = 20;

/** How many are late, and does the distance matter? */
export async function questions({ ui, check }: Demo, flights: Store<Flight>) {
  const asked = await timed(() => ({
    delayed: flights.filter((flight) => flight.isDelayed).length,
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
      ui.colours.yellow("█".repeat(Math.max(0, Math.round((averageDelay / longest) * BAR)))),
    ]),
  });
  check("every flight is in one band", bands.reduce((sum, band) => sum + band.flights, 0) === flights.size);
  check("the bands have as many delayed flights as the whole", bands.reduce((sum, band) => sum + band.delayed, 0) === delayed);

  return { delayed, delayedShare: share, byDistance: bands, milliseconds: asked.milliseconds };
}

function byDistance(flights: Store<Flight>) {
  const bands = BANDS.map(([from, below]) => ({ from, below, flights: 0, delayed: 0, minutes: 0 }));
  for (const flight of flights) {
    const { distance } = flight;
    const band = bands.find(({ below }) => distance < below);
    if (band === undefined) continue;
    band.flights++;
    band.minutes += flight.delay;
    if (flight.isDelayed) band.delayed++;
  }
  return bands.map(({ from, below, flights, delayed, minutes }) => ({
    from,
    below: Number.isFinite(below) ? below : null,
    flights,
    delayed,
    averageDelay: flights === 0 ? 0 : minutes / flights,
  }));
}
