import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "faun";
import { COMPRESSIONS, ParquetPersistence } from "faun/parquet";
import type { Demo } from "../demo.ts";
import { timed } from "../measure.ts";
import { bar } from "../terminal/bar.ts";
import { bytes, duration, fixed, times } from "../terminal/numbers.ts";
import { Order } from "./order.ts";

/** (h) The big run's orders in Parquet, by every codec there is. */
export async function compareCodecs({ ui, check }: Demo, orders: Store<Order>) {
  const folder = await mkdtemp(join(tmpdir(), "faun-codecs-"));
  try {
    const results = [];
    const progress = ui.progress("the same orders as Parquet       ", COMPRESSIONS.length, "codecs");
    for (const compression of COMPRESSIONS) {
      const persistence = new ParquetPersistence(Order, join(folder, compression), { compression });
      const saved = await timed(() => persistence.save(orders));
      const { totalBytes } = await persistence.memoryStats();
      await persistence.close();
      const reader = new ParquetPersistence(Order, join(folder, compression), { readOnly: true });
      const counted = await timed(() => reader.count());
      const loaded = await timed(() => reader.load());
      await reader.close();
      const same = loaded.value.size === orders.size && counted.value === orders.size;
      results.push({
        compression,
        bytes: totalBytes,
        saveMilliseconds: saved.milliseconds,
        loadMilliseconds: loaded.milliseconds,
        same,
      });
      progress.update(results.length);
    }
    progress.finish();

    const largest = Math.max(...results.map(({ bytes }) => bytes));
    const right = { align: "right" } as const;
    ui.table({
      columns: [
        "codec",
        { title: "file", ...right },
        { title: "an order", ...right },
        { title: "save", ...right },
        { title: "load", ...right },
        "",
      ],
      rows: results.map(({ compression, bytes: size, saveMilliseconds, loadMilliseconds }) => [
        compression,
        bytes(size),
        `${fixed(size / orders.size, 1)} B`,
        duration(saveMilliseconds),
        duration(loadMilliseconds),
        ui.colours.green(bar(size, largest)),
      ]),
    });
    check(
      "every codec gives back as many orders as went in",
      results.every(({ same }) => same),
    );
    const smallest = results.reduce((best, result) => (result.bytes < best.bytes ? result : best));
    ui.text(`${smallest.compression} makes the smallest file: ${times(largest / smallest.bytes)} smaller than the largest.`);
    return results.map(({ same: _, ...result }) => result);
  } finally {
    await rm(folder, { recursive: true });
  }
}
