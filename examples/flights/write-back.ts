import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Table, tableFromIPC } from "apache-arrow";
import { type Store, toArrowIPC } from "faun";
import type { Demo } from "../demo.ts";
import { timed } from "../measure.ts";
import { bytes, duration } from "../terminal/numbers.ts";
import type { Flight } from "./flight.ts";

/** Writes the flights as an Arrow file and lets apache-arrow, which knows nothing of Faun, read it. */
export async function writeBack({ ui, check }: Demo, flights: Store<Flight>, original: Table) {
  const folder = await mkdtemp(join(tmpdir(), "faun-flights-"));
  try {
    const path = join(folder, "flights.arrow");
    const written = await timed(() => writeFile(path, toArrowIPC(flights, { format: "file" })));
    const file = await readFile(path);
    const readBack = await timed(() => tableFromIPC(file));

    ui.facts([
      ["written", `${bytes(file.byteLength)} in ${duration(written.milliseconds)}`],
      ["read again", `by apache-arrow in ${duration(readBack.milliseconds)}`],
    ]);
    for (const name of ["delay", "distance", "time"]) {
      check(`${name}: what apache-arrow reads equals the original, value for value`, sameValues(readBack.value, original, name));
    }
    return { bytes: file.byteLength, writeMilliseconds: written.milliseconds, readMilliseconds: readBack.milliseconds };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function sameValues(left: Table, right: Table, name: string): boolean {
  const [a, b] = [left.getChild(name), right.getChild(name)];
  if (a === null || b === null || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a.get(i), b.get(i))) return false;
  return true;
}
