import { type Change, CorruptDataError, IoError, Store, UnsupportedError } from "faun";
import { describe, expect, test } from "vitest";
import { schemaOf } from "../../src/entity/entity.ts";
import type { EntityClass, EntityRow } from "../../src/entity/types.ts";
import { ChangeReader, gatherChanges } from "../../src/persistence/change-steps.ts";
import { encodeFrames, FrameKind } from "../../src/persistence/log/frame.ts";
import { readLog, segmentsIn } from "../../src/persistence/log/read-log.ts";
import { RedoLog } from "../../src/persistence/log/redo-log.ts";
import { asLogged, Replay } from "../../src/persistence/log/replay.ts";
import { Overlay } from "../../src/persistence/overlay/overlay.ts";
import { settleSteps } from "../../src/persistence/overlay/settle-steps.ts";
import { FileStorage } from "../../src/persistence/storage/file-storage.ts";
import { MemoryStorage } from "../../src/persistence/storage/memory-storage.ts";
import type { Storage } from "../../src/persistence/storage/storage.ts";
import { deleteChange, Order, order, orders, rowsChange, updateChange } from "../conformance/entities.ts";
import { randomOf, SimulatedDisk } from "../storage/simulated-disk.ts";

const entity = Order as unknown as EntityClass<EntityRow>;
const schema = schemaOf(Order);
const durability = { durability: "sync", interval: 1000 } as const;

/** A log over nothing, and what the rows are by it. */
class Logged {
  readonly overlay = new Overlay(entity, schema);
  readonly log: RedoLog;
  readonly #reader = new ChangeReader(entity, schema);
  seq = 0n;

  constructor(storage: Storage) {
    this.log = new RedoLog(storage, "log", "orders", 0n, durability);
  }

  async commit(...changes: Change[]): Promise<void> {
    const steps = (await gatherChanges(schema, changes, {})).map((change) => this.#reader.read(change));
    const none = () => false;
    this.overlay.check(steps, none);
    const settled = settleSteps(this.overlay, steps, none);
    const txn = { writer: "w", seq: this.seq + 100n };
    await this.log.append(this.seq + 1n, new Date(0), 0n, txn, settled);
    this.overlay.apply(settled, asLogged);
    this.seq++;
  }
}

async function replayed(storage: Storage, options: { after?: bigint; untilDamage?: boolean } = {}) {
  const overlay = new Overlay(entity, schema);
  const state = new Replay(entity, schema, overlay);
  const reading = { after: 0n, entity: "orders", ...options };
  await readLog(storage, "log", reading, (commit) => state.take(commit));
  state.end();
  return { rows: await rowsOf(overlay), state };
}

async function rowsOf(overlay: Overlay): Promise<unknown> {
  const batches = [];
  for await (const batch of overlay.view().over([])) batches.push(batch);
  return JSON.parse(JSON.stringify([...Store.fromArrow(Order, batches)]));
}

async function workload(logged: Logged): Promise<void> {
  await logged.commit(rowsChange("append", orders(0, 5)));
  for (let i = 5; i < 25; i++) await logged.commit(rowsChange("append", [order(i, { region: `new ${i}` })]));
  await logged.commit(deleteChange(3, 7, 999), updateChange(["total", "note"], [order(4, { total: -1, note: null })]));
  await logged.commit(rowsChange("upsert", [order(5, { customer: "other" }), order(40)]));
  await logged.commit(rowsChange("append", [order(3, { status: "Delivered" })]));
}

describe("the log", () => {
  test("gives back what was committed", async () => {
    const storage = new MemoryStorage();
    const logged = new Logged(storage);
    await workload(logged);
    await logged.log.close();
    const { rows, state } = await replayed(storage);
    expect(rows).toEqual(await rowsOf(logged.overlay));
    expect(state.seq).toBe(24n);
    expect(state.commits).toBe(24);
    expect(new Map(state.writers("local")).get("w")).toMatchObject({ seq: 123n, commit: { version: "24" } });
  });

  test("goes on in another segment, and drops those that a checkpoint has", async () => {
    const storage = new MemoryStorage();
    const logged = new Logged(storage);
    await logged.commit(rowsChange("append", orders(0, 5)));
    await logged.log.roll();
    await logged.commit(rowsChange("append", orders(5, 5)));
    expect((await segmentsIn(storage, "log")).map(({ firstSeq }) => firstSeq)).toEqual([1n, 2n]);
    await logged.log.dropThrough(1n);
    expect((await segmentsIn(storage, "log")).map(({ firstSeq }) => firstSeq)).toEqual([2n]);
    expect((await replayed(storage, { after: 1n })).state.commits).toBe(1);
    // Without the checkpoint that has commit 1 the log is not whole.
    await expect(replayed(storage)).rejects.toThrow(/commits 1 to 1 are missing/);
    await logged.log.roll();
    await logged.log.dropThrough(2n);
    expect(await segmentsIn(storage, "log")).toEqual([]);
  });

  test("a dropped segment that a crash brings back says nothing, though those behind it stay away, and goes with the next", async () => {
    const storage = new MemoryStorage();
    const logged = new Logged(storage);
    for (let i = 0; i < 4; i++) {
      await logged.commit(rowsChange("append", orders(5 * i, 5)));
      await logged.log.roll();
    }
    const [first] = await segmentsIn(storage, "log");
    const name = `log/${first!.name.split("/").at(-1)}`;
    const file = (await storage.open(name))!;
    const bytes = await file.read(0, file.size);
    await logged.log.dropThrough(3n);
    expect((await segmentsIn(storage, "log")).map(({ firstSeq }) => firstSeq)).toEqual([4n]);
    await storage.putIfAbsent(name, bytes);
    expect((await replayed(storage, { after: 3n })).state).toMatchObject({ seq: 4n, commits: 1 });
    await logged.commit(rowsChange("append", orders(20, 5)));
    await logged.log.dropThrough(4n);
    expect((await segmentsIn(storage, "log")).map(({ firstSeq }) => firstSeq)).toEqual([5n]);
  });

  test("a segment that is being begun stays while older ones go", async () => {
    const storage = new MemoryStorage();
    const logged = new Logged(storage);
    await logged.commit(rowsChange("append", orders(0, 5)));
    await logged.log.roll();
    // The checkpoint that has commit 1 is written; meanwhile another commit begins a segment, and waits for the disk.
    let dropped: Promise<void> | null = null;
    const syncFolder = storage.syncFolder.bind(storage);
    storage.syncFolder = async (folder) => {
      if (dropped === null) {
        dropped = logged.log.dropThrough(1n);
        await dropped;
      }
      await syncFolder(folder);
    };
    await logged.commit(rowsChange("append", orders(5, 5)));
    expect(dropped).not.toBeNull();
    expect((await segmentsIn(storage, "log")).map(({ firstSeq }) => firstSeq)).toEqual([2n]);
  });

  test("a torn end is left out; damage before the end is told, with what is sound", async () => {
    const storage = new MemoryStorage();
    const logged = new Logged(storage);
    await workload(logged);
    await logged.log.close();
    const [{ name }] = await segmentsIn(storage, "log");
    const file = await storage.open(name);
    const bytes = await (file as NonNullable<typeof file>).read(0, (file as NonNullable<typeof file>).size);
    const withBytes = async (changed: Uint8Array) => {
      const other: Storage = new MemoryStorage();
      await other.createFolder("log");
      const writer = await other.create(name);
      await writer.write(changed);
      await writer.close();
      return other;
    };
    // Cut anywhere: a prefix of the commits.
    for (let length = 0; length < bytes.length; length += 397) {
      const { state } = await replayed(await withBytes(bytes.slice(0, length)));
      expect(state.commits).toBeLessThan(24);
    }
    // A flipped bit anywhere but in the last commit is damage; in the last one it is as a torn write.
    let refused = 0;
    for (let at = 11; at < bytes.length; at += 211) {
      const flipped = bytes.slice();
      flipped[at] ^= 4;
      const other = await withBytes(flipped);
      const outcome = await replayed(other).catch((error: unknown) => error);
      if (outcome instanceof CorruptDataError) {
        refused++;
        const kept = await replayed(other, { untilDamage: true });
        expect(outcome.message).toContain(`sound up to commit ${kept.state.seq}`);
        expect(kept.state.commits).toBeLessThan(24);
      } else {
        expect(outcome).toMatchObject({ state: { seq: 23n } });
      }
    }
    expect(refused).toBeGreaterThan(10);
  });

  test("a commit whose write or sync fails did not come about, and later ones do", async () => {
    let faults = 0;
    for (let fault = 0; fault < 30; fault += 2) {
      const disk = new SimulatedDisk();
      const storage = new FileStorage("/data", { fileSystem: disk, lock: disk.lock });
      const logged = new Logged(storage);
      await logged.commit(rowsChange("append", orders(0, 3)));
      let operations = 0;
      disk.onOperation = () => (operations++ === fault ? { code: "EIO" } : undefined);
      const acknowledged = [1n];
      for (let i = 10; i < 16; i++) {
        try {
          await logged.commit(rowsChange("append", [order(i)]));
          acknowledged.push(logged.seq);
        } catch (error) {
          faults++;
          expect(error).toBeInstanceOf(IoError);
          expect((error as IoError).outcome).toBe("failed");
        }
      }
      expect(acknowledged.length).toBeGreaterThanOrEqual(6);
      for (let seed = 0; seed < 2; seed++) {
        const after = disk.crash(randomOf(seed));
        const { rows } = await replayed(new FileStorage("/data", { fileSystem: after, lock: after.lock }));
        expect(rows).toEqual(await rowsOf(logged.overlay));
      }
    }
    expect(faults).toBeGreaterThan(5);
  });

  test("a commit that failed stays so while the segment that says it is replaced, though that fails or the machine crashes", async () => {
    const refused = order(10);
    const prepared = async () => {
      const disk = new SimulatedDisk();
      const logged = new Logged(new FileStorage("/data", { fileSystem: disk, lock: disk.lock }));
      await logged.commit(rowsChange("append", orders(0, 3)));
      disk.onOperation = ({ kind }) => {
        if (kind !== "sync") return undefined;
        disk.onOperation = () => undefined;
        return { code: "EIO" };
      };
      const failing = logged.commit(rowsChange("append", [refused]));
      await expect(failing).rejects.toMatchObject({ outcome: "failed" });
      await logged.log.roll();
      return { disk, logged };
    };
    const check = async (after: SimulatedDisk) => {
      const { rows, state } = await replayed(new FileStorage("/data", { fileSystem: after, lock: after.lock }));
      expect(JSON.stringify(rows)).not.toContain(String(refused.placedAt.toJSON()));
      return state.commits;
    };
    let faults = 0;
    for (let fault = 0; fault < 30; fault++) {
      const { disk, logged } = await prepared();
      let operations = 0;
      const crashed: SimulatedDisk[] = [];
      disk.onOperation = () => {
        crashed.push(disk.crash(randomOf(operations)), disk.crash(randomOf(operations + 99)), disk.kill());
        return operations++ === fault ? { code: "EIO" } : undefined;
      };
      const made = await logged.commit(rowsChange("append", [order(11)])).then(
        () => true,
        () => false,
      );
      if (!made) faults++;
      for (const after of crashed) expect(await check(after)).toBeLessThanOrEqual(2);
      for (let seed = 0; seed < 4; seed++) expect(await check(disk.crash(randomOf(seed)))).toBe(made ? 2 : 1);
    }
    expect(faults).toBeGreaterThan(5);
  });

  test("after a crash at any moment what was acknowledged is there, and what was not is absent or whole", async () => {
    const reference = new SimulatedDisk();
    let total = 0;
    reference.onOperation = () => {
      total++;
      return undefined;
    };
    await workload(new Logged(new FileStorage("/data", { fileSystem: reference, lock: reference.lock })));
    let states = 0;
    for (let stop = 0; stop <= total; stop += 5) {
      const disk = new SimulatedDisk();
      const logged = new Logged(new FileStorage("/data", { fileSystem: disk, lock: disk.lock }));
      const history = [await rowsOf(logged.overlay)];
      let operations = 0;
      let crashed: SimulatedDisk[] = [];
      disk.onOperation = () => {
        if (operations++ === stop) crashed = [0, 1, 2].map((seed) => disk.crash(randomOf(seed * 7919 + stop)));
        return undefined;
      };
      let acknowledged = 0;
      const commit = logged.commit.bind(logged);
      logged.commit = async (...changes) => {
        await commit(...changes);
        history.push(await rowsOf(logged.overlay));
        if (crashed.length === 0) acknowledged++;
      };
      await workload(logged);
      for (const after of crashed) {
        states++;
        const { rows, state } = await replayed(new FileStorage("/data", { fileSystem: after, lock: after.lock }));
        expect(state.commits).toBeGreaterThanOrEqual(acknowledged);
        expect(state.commits).toBeLessThanOrEqual(acknowledged + 1);
        expect(rows).toEqual(history[state.commits]);
      }
    }
    expect(states).toBeGreaterThan(30);
  });
});

test("a commit that no reader of the log would take is refused before anything is written", () => {
  // Untouched, it takes no memory.
  const payload = [new Uint8Array(2 ** 31)];
  expect(() => encodeFrames(1n, 0n, [{ kind: FrameKind.Commit, payload }])).toThrow(UnsupportedError);
  expect(() => encodeFrames(1n, 0n, [{ kind: FrameKind.Commit, payload }])).toThrow(/2147483648 bytes .* smaller batches/);
});
