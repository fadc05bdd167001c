import { BackendPersistence, Entity, PersistentStore, u32, u64, utf8 } from "faun";
import { schemaOf } from "../../src/entity/entity.ts";
import type { EntityClass, EntityRow } from "../../src/entity/types.ts";
import { LoggedBackend } from "../../src/persistence/log/logged-backend.ts";
import { ParquetFormat } from "../../src/persistence/parquet/parquet-format.ts";
import { writeSettings } from "../../src/persistence/parquet/write/options.ts";
import { FileStorage } from "../../src/persistence/storage/file-storage.ts";
import type { Storage } from "../../src/persistence/storage/storage.ts";
import type { Random, SimulatedDisk } from "../storage/simulated-disk.ts";

export class Item extends Entity("items", { id: u64().key(), count: u32(), note: utf8().nullable() }) {}

/** Rows by key, as text that equals for equal rows. */
export type State = string;

/** Small limits, so that a few dozen rows go through every path: row groups kept and rewritten, folds, segments. */
export const persistenceOn = (disk: SimulatedDisk) =>
  persistenceIn(new FileStorage("/data", { fileSystem: disk, lock: disk.lock }));

export function persistenceIn(storage: Storage, { readOnly = false, includeLog = false } = {}): BackendPersistence<Item> {
  const format = new ParquetFormat(writeSettings(schemaOf(Item), { compression: "uncompressed", rowGroupSize: 8 }));
  const options = {
    log: true,
    durability: "sync",
    interval: 1000,
    foldRows: 12,
    foldBytes: 2 ** 30,
    readOnly,
    includeLog,
  } as const;
  const entity = Item as unknown as EntityClass<EntityRow>;
  return new BackendPersistence(Item, new LoggedBackend(entity, storage, format, { ...options, onDamage: "refuse" }));
}

/** What a run was told, and what it asked for: operations are made in order, so there are as many states as operations. */
export class Ledger {
  /** After each operation, the first before any. */
  readonly states: State[] = ["[]"];
  acknowledged = 0;
  readonly #rows = new Map<bigint, { count: number; note: string | null }>();

  get asked(): number {
    return this.states.length - 1;
  }

  get ids(): bigint[] {
    return [...this.#rows.keys()];
  }

  has(id: bigint): boolean {
    return this.#rows.has(id);
  }

  note(change: (rows: Map<bigint, { count: number; note: string | null }>) => void): void {
    change(this.#rows);
    this.states.push(stateOf([...this.#rows].map(([id, row]) => ({ id, ...row }))));
  }
}

export const stateOf = (rows: Iterable<{ id: bigint; count: number; note: string | null }>): State =>
  JSON.stringify([...rows].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ id, count, note }) => [String(id), count, note]));

/** Does random things to a store, several at once, and notes in the ledger what was asked for and acknowledged. */
export async function work(disk: SimulatedDisk, ledger: Ledger, random: Random, steps: number): Promise<void> {
  let store = await PersistentStore.open(persistenceOn(disk));
  let next = 1n;
  const int = (below: number) => Math.floor(random() * below);
  const item = (id: bigint) => ({ id, count: int(1000), note: random() < 0.3 ? null : `note ${int(1000)}` });
  const waiting: Promise<void>[] = [];
  const ask = (promise: Promise<unknown>) => {
    waiting.push(
      promise.then(() => {
        ledger.acknowledged++;
      }),
    );
  };
  const settle = async () => {
    await Promise.all(waiting.splice(0));
  };

  for (let step = 0; step < steps; step++) {
    const { ids } = ledger;
    const some = ids[int(ids.length)];
    const what = random();
    if (what < 0.35 || some === undefined) {
      const row = item(next++);
      ledger.note((rows) => rows.set(row.id, row));
      ask(store.add(row));
    } else if (what < 0.5) {
      const batch = Array.from({ length: 1 + int(6) }, () => item(next++));
      ledger.note((rows) => {
        for (const row of batch) rows.set(row.id, row);
      });
      ask(store.addBatch(batch));
    } else if (what < 0.65) {
      const count = int(1000);
      ledger.note((rows) => rows.set(some, { ...(rows.get(some) as { count: number; note: string | null }), count }));
      ask(store.update(some, { count }));
    } else if (what < 0.77) {
      ledger.note((rows) => rows.delete(some));
      ask(store.delete(some));
    } else if (what < 0.85) {
      const row = item(random() < 0.5 ? some : next++);
      ledger.note((rows) => rows.set(row.id, row));
      ask(store.upsert(row));
    } else if (what < 0.88) {
      await settle();
      ledger.note(() => {});
      ask(store.saveToStorage());
    } else if (what < 0.89) {
      ledger.note((rows) => rows.clear());
      ask(store.clearAll());
    } else if (what < 0.94) {
      await settle();
      await store.persistence.backend.maintain("checkpoint");
    } else {
      await settle();
      await store.close();
      store = await PersistentStore.open(persistenceOn(disk));
    }
    // Sometimes what comes next is asked for while this is on its way.
    if (random() < 0.6) await settle();
  }
  await settle();
  await store.close();
}
