import { DuplicateKeyError, type Persistence, PersistentStore } from "faun";
import type { Demo } from "../demo.ts";
import { oneMoreOrder } from "./five-orders.ts";
import type { Order } from "./order.ts";

/** (d) One order more, behind what is there. The same one again is refused, and changes nothing. */
export async function append({ ui, check }: Demo, persistence: Persistence<Order>) {
  const orders = await PersistentStore.open(persistence);
  const before = await orders.storageCount();
  const row = await orders.add(oneMoreOrder);
  const stored = await orders.storageCount();
  const refusal = await orders.add(oneMoreOrder).catch((error: unknown) => error);

  ui.facts([
    ["row index", String(row)],
    ["stored", `${before} orders before, ${stored} after`],
    ["added again", refusal instanceof Error ? `${refusal.name}: ${refusal.message}` : "accepted"],
  ]);
  check("one order more is stored, and in memory", stored === before + 1 && orders.size === stored);
  check("a second order of that key is a DuplicateKeyError", refusal instanceof DuplicateKeyError);
  check("the refused one left nothing behind", (await orders.storageCount()) === stored && orders.size === stored);

  await orders.close();
  return { row, stored };
}
