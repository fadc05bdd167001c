import { FaunError, PersistentStore } from "faun";
import { describe, expect, test } from "vitest";
import { type Fault, randomOf, SimulatedDisk } from "../storage/simulated-disk.ts";
import { type Item, persistenceOn, stateOf } from "./workload.ts";

type Row = { id: bigint; count: number; note: string | null };
type Rows = Map<bigint, Row>;

/** One thing done to a store, and what it makes of the rows. */
interface Action {
  run(store: PersistentStore<Item>): Promise<unknown>;
  change(rows: Rows): void;
}

/** Adds, changes, deletions, saves and folds of a few dozen rows, always the same. */
const ACTIONS: readonly Action[] = (() => {
  const random = randomOf(11);
  const int = (below: number) => Math.floor(random() * below);
  const row = (id: number): Row => ({ id: BigInt(id), count: int(1000), note: int(3) === 0 ? null : `note ${int(1000)}` });
  const put = (rows: Rows, all: readonly Row[]) => {
    for (const one of all) rows.set(one.id, one);
  };
  const addBatch = (from: number, count: number): Action => {
    const batch = Array.from({ length: count }, (_, i) => row(from + i));
    return { run: (store) => store.addBatch(batch), change: (rows) => put(rows, batch) };
  };
  const update = (id: number): Action => {
    const count = int(1000);
    const change = (rows: Rows) => {
      const old = rows.get(BigInt(id));
      if (old !== undefined) rows.set(old.id, { ...old, count });
    };
    return { run: (store) => store.update(BigInt(id), { count }), change };
  };
  const remove = (id: number): Action => ({
    run: (store) => store.delete(BigInt(id)),
    change: (rows) => void rows.delete(BigInt(id)),
  });
  const save: Action = { run: (store) => store.saveToStorage(), change: () => {} };
  const fold: Action = { run: (store) => store.persistence.backend.maintain("checkpoint"), change: () => {} };
  return [
    addBatch(1, 3),
    update(2),
    addBatch(10, 9),
    fold,
    remove(11),
    addBatch(30, 6),
    save,
    update(31),
    addBatch(40, 15),
    remove(2),
    addBatch(60, 2),
  ];
})();

const FAULTS: Readonly<Record<string, Fault>> = {
  "fails before it is done": { code: "EIO" },
  "fails though it was done": { code: "EIO", done: true },
  "finds no room halfway": { code: "ENOSPC", wrote: 5 },
  "is interrupted": { code: "EINTR" },
  "does a part": { short: 7 },
};

describe("each operation of the disk in turn", () => {
  test.each(Object.entries(FAULTS))(
    "%s",
    async (_, fault) => {
      let failures = 0;
      for (let at = 0; ; at += "short" in fault || fault.code === "EINTR" ? 3 : 1) {
        const disk = new SimulatedDisk();
        let operations = 0;
        let hit = "";
        disk.onOperation = ({ kind, path }) => {
          if (operations++ !== at) return undefined;
          hit = `${kind} ${path}`;
          // Who opens a file and is told that it failed has no file to close.
          if ("done" in fault && (kind === "open" || kind === "create")) return undefined;
          return fault;
        };
        failures += await lifeWith(disk, () => `operation ${at}, ${hit}`);
        if (hit === "") break;
      }
      // Where a system call does less than it was asked for, nobody notices.
      if ("short" in fault) expect(failures).toBe(0);
      else expect(failures).toBeGreaterThan(10);
    },
    600_000,
  );
});

/** Does everything on a disk that fails once; gives how many calls failed. */
async function lifeWith(disk: SimulatedDisk, where: () => string): Promise<number> {
  let failures = 0;
  // What the rows may be: two possibilities where a call could not tell what became of it.
  let possible: Rows[] = [new Map()];
  const states = () => possible.map((rows) => stateOf(rows.values()));
  const failed = (error: unknown) => {
    failures++;
    expect(error, where()).toBeInstanceOf(FaunError);
    return error as FaunError & { outcome?: string };
  };

  const open = () =>
    PersistentStore.open(persistenceOn(disk)).catch((error: unknown) => {
      failed(error);
      return PersistentStore.open(persistenceOn(disk));
    });

  const store = await open();
  for (const { run, change } of ACTIONS) {
    const changed = () =>
      possible.map((rows) => {
        const after = new Map(rows);
        change(after);
        return after;
      });
    const error = await run(store).then(
      () => null,
      (cause: unknown) => failed(cause),
    );
    // Memory has settled by now what an earlier call could not tell.
    const seen = stateOf(store);
    if (error === null) possible = changed();
    else if (error.outcome === "unknown") possible = [...possible, ...changed()];
    expect(states(), where()).toContain(seen);
    if (error?.outcome !== "unknown") possible = possible.filter((rows) => stateOf(rows.values()) === seen).slice(0, 1);
  }
  // Only one operation fails: what is asked now works.
  await store.add({ id: 999n, count: 1, note: null }).then(
    () => {
      for (const rows of possible) rows.set(999n, { id: 999n, count: 1, note: null });
    },
    (error: unknown) => failed(error),
  );
  const memory = stateOf(store);
  expect(states(), where()).toContain(memory);
  await store.close().catch((error: unknown) => failed(error));
  const again = await open();
  expect(stateOf(again), where()).toBe(memory);
  await again.close();
  expect(disk.openFiles, where()).toEqual([]);
  return failures;
}
