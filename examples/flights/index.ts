import type { Demo } from "../demo.ts";
import { adopt } from "./adopt.ts";
import { questions } from "./questions.ts";
import { writeBack } from "./write-back.ts";

export type FlightsResults = Awaited<ReturnType<typeof flightsDemo>>;

export async function flightsDemo(demo: Demo) {
  demo.ui.heading("Flights: somebody else's Arrow file, adopted");
  const { table, flights, results } = await adopt(demo);
  demo.ui.heading("Flights: who is late?");
  const answers = await questions(demo, flights);
  demo.ui.heading("Flights: written back");
  return { ...results, answers, writtenBack: await writeBack(demo, flights, table) };
}
