// Saves rows that all carry the number of the save, again and again, until its input ends or it is killed.
import { Entity, SoA, u32, u64 } from "../../../../dist/index.js";
import { ParquetPersistence } from "../../../../dist/persistence/parquet/index.js";

class Mark extends Entity("marks", { id: u64({ mode: "number" }).key(), save: u32() }) {}

const marks = new ParquetPersistence(Mark, process.argv[2], { rowGroupSize: 500 });
let running = true;
process.stdin.on("end", () => {
  running = false;
});
process.stdin.resume();
for (let save = 0; running; save++) {
  const rows = new SoA(Mark);
  const count = 1000 + (save % 7) * 300;
  rows.addColumns({ id: Array.from({ length: count }, (_, i) => i), save: new Uint32Array(count).fill(save) });
  await marks.save(rows);
  process.stdout.write(`${save} ${count}\n`);
}
await marks.close();
