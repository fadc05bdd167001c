import type { Demo } from "../demo.ts";
import { adopt } from "./adopt.ts";
import { questions } from "./questions.ts";
import { threeMillion } from "./three-million.ts";
import { writeBack } from "./write-back.ts";

export type FlightsResults = Awaited<ReturnType<typeof flightsDemo>>;

export async function flightsDemo(demo: Demo) {
  demo.ui.heading("Flights: somebody else's Arrow file, adopted");
  const { table, flights, results } = await adopt(demo);
  demo.ui.heading("Flights: who is late?");
  const answers = await questions(demo, flights);
  demo.ui.heading("Flights: written back");
  const writtenBack = await writeBack(demo, flights, table);
  demo.ui.heading("Flights: three million, in somebody else's Parquet file");
  return { ...results, answers, writtenBack, threeMillion: await threeMillion(demo) };
}
