import { createHash } from "node:crypto";
import { appendFileSync } from "node:fs";
import { PersistentStore } from "faun";
import { expect, test } from "vitest";
import { randomOf, SimulatedDisk } from "../storage/simulated-disk.ts";
import { Ledger, persistenceOn, stateOf, work } from "./workload.ts";

/**
 * Crash states to try: FAUN_CRASH_STATES=1000000 for a long run, with workloads of seeds from FAUN_CRASH_FROM on;
 * FAUN_CRASH_SEED=n for one seed alone. How many each seed gave is appended to the file FAUN_CRASH_REPORT.
 */
const STATES = Number(process.env.FAUN_CRASH_STATES ?? 20_000);
const SEED = process.env.FAUN_CRASH_SEED;
const FROM = Number(SEED ?? process.env.FAUN_CRASH_FROM ?? 1);
const REPORT = process.env.FAUN_CRASH_REPORT;
const PER_OPERATION = 6;
const STEPS = 40;

interface CrashState {
  readonly after: SimulatedDisk;
  /** Operations that were acknowledged, and asked for, when it crashed. */
  readonly acknowledged: number;
  readonly asked: number;
  readonly operation: string;
}

test("after a crash at any moment every acknowledged change is there once, and the others whole or not at all", async () => {
  let tried = 0;
  const verdicts = new Map<string, string>();
  for (let seed = FROM; tried < STATES; seed++) {
    const ledger = new Ledger();
    const states = await crashStates(seed, ledger);
    tried += states.length;
    verdicts.clear();
    for (const state of states) {
      const id = digestOf(state.after);
      const found = verdicts.get(id) ?? (await (verdicts.size % 10 === 0 ? lifeAfter(state.after) : rowsAfter(state.after)));
      verdicts.set(id, found);
      const allowed = ledger.states.slice(state.acknowledged, state.asked + 1);
      if (!allowed.includes(found)) {
        expect.fail(
          `FAUN_CRASH_SEED=${seed}: crashed before ${state.operation}, with ${state.acknowledged} of ${state.asked} operations ` +
            `acknowledged, and found ${found}\nallowed: ${allowed.join("\n         ")}`,
        );
      }
    }
    if (REPORT !== undefined) appendFileSync(REPORT, `${seed} ${states.length} ${verdicts.size}\n`);
    if (SEED !== undefined) break;
  }
  if (SEED === undefined) expect(tried).toBeGreaterThanOrEqual(STATES);
}, 3_600_000);

/** Runs a workload, and what the machine may find after a crash before each operation of the disk. */
async function crashStates(seed: number, ledger: Ledger): Promise<CrashState[]> {
  const random = randomOf(seed * 2 + 1);
  const disk = new SimulatedDisk();
  const states: CrashState[] = [];
  disk.onOperation = ({ kind, path }) => {
    // Reading changes nothing.
    if (kind === "read" || kind === "open" || kind === "stat" || kind === "readdir" || kind === "close") return undefined;
    const { acknowledged, asked } = ledger;
    for (let i = 0; i < PER_OPERATION; i++)
      states.push({ after: disk.crash(random), acknowledged, asked, operation: `${kind} ${path}` });
    states.push({ after: disk.kill(), acknowledged, asked, operation: `${kind} ${path} (killed)` });
    return undefined;
  };
  await work(disk, ledger, randomOf(seed * 2), STEPS);
  return states;
}

/** What a new process finds. */
async function rowsAfter(disk: SimulatedDisk): Promise<string> {
  const persistence = persistenceOn(disk);
  const rows: { id: bigint; count: number; note: string | null }[] = [];
  await persistence.open();
  const snapshot = await persistence.backend.snapshot();
  for await (const batch of snapshot.scan()) {
    const [ids, counts, notes] = [batch.getChildAt(0), batch.getChildAt(1), batch.getChildAt(2)];
    for (let i = 0; i < batch.numRows; i++) rows.push({ id: ids?.get(i), count: counts?.get(i), note: notes?.get(i) });
  }
  expect(await snapshot.count()).toBe(BigInt(rows.length));
  await snapshot.close();
  await persistence.close();
  expect(disk.openFiles).toEqual([]);
  return stateOf(rows);
}

/** What a new process finds that goes on working, ends, and is followed by another. */
async function lifeAfter(disk: SimulatedDisk): Promise<string> {
  const store = await PersistentStore.open(persistenceOn(disk));
  const found = stateOf(store);
  await store.add({ id: 1_000_000n, count: 1, note: "after the crash" });
  const expected = stateOf(store);
  await store.close();
  expect(await rowsAfter(disk)).toBe(expected);
  expect(disk.files.filter((path) => path.includes("/log/") || path.endsWith(".tmp"))).toEqual([]);
  return found;
}

function digestOf(disk: SimulatedDisk): string {
  const hash = createHash("sha1");
  for (const path of disk.files.sort()) hash.update(`${path}\0`).update(disk.content(path)).update("\0\0");
  return hash.digest("hex");
}
