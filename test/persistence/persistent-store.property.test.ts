import fc from "fast-check";
import { ArrowPersistence, BackendPersistence, FaunError, type PatchOf, PersistentStore, RowRange } from "faun";
import { expect, test } from "vitest";
import { Order, type OrderInit, order, Reading, soaOf } from "../conformance/entities.ts";
import { type Fault, FaultyBackend, noTrouble, type Trouble } from "./faulty-backend.ts";
import { StoreModel } from "./store-model.ts";

const KEYS = 5;
const key = fc.integer({ min: 0, max: KEYS - 1 });
const seed = fc.integer({ min: 0, max: 1000 });

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("add" as const), key, seed }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("addBatch" as const), keys: fc.array(key, { maxLength: 4 }), seed }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("addColumns" as const), keys: fc.array(key, { maxLength: 4 }), seed }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("patch" as const), key, seed }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("draft" as const), key }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("upsert" as const), key, seed }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("delete" as const), key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("turn" as const), turns: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("drain" as const, "save" as const, "load" as const, "clear" as const) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
const steps = fc.array(step, { minLength: 1, maxLength: 60 });

const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Fault>("none") },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Fault>(
      "failed",
      "made, unknown",
      "not made, unknown",
      "made, foreign error",
      "not made, foreign error",
    ),
  },
);
const trouble: fc.Arbitrary<Trouble> = fc.record({
  faults: fc.array(fault, { maxLength: 12 }),
  delays: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 5 }),
  silences: fc.oneof(
    fc.array(fc.boolean(), { maxLength: 8 }),
    fc.constantFrom(3, 6, 9).map((n) => new Array<boolean>(n).fill(true)),
  ),
  poison: fc.uniqueArray(key, { maxLength: 2 }).map((keys) => new Set(keys.map(BigInt))),
});

/** What was asked, its outcome once it is settled, and how to make it in the model. */
interface Asked {
  what: Step;
  outcome?: { value: unknown } | { error: unknown };
  replay(model: StoreModel): unknown;
}

class Run {
  readonly backend: FaultyBackend;
  readonly asked: Asked[] = [];
  readonly waiting: Promise<void>[] = [];
  #store: PersistentStore<Order> | undefined;

  constructor(trouble: Trouble) {
    this.backend = new FaultyBackend(new ArrowPersistence(Order).backend, trouble);
    this.backend.onCommit = async (changes) => {
      // Memory shows what is durable, and nothing else, whenever a commit sets out.
      if (changes[0]?.kind !== "replace") expect(this.memory).toEqual(await this.stored());
    };
  }

  get store(): PersistentStore<Order> {
    if (this.#store === undefined) throw new Error("not open");
    return this.#store;
  }

  get memory(): OrderInit[] {
    return [...this.store].map((row) => row.toObject());
  }

  /** Some keys are there from the start. */
  async open(): Promise<void> {
    const before = Array.from({ length: KEYS - 2 }, (_, i) => order(i));
    await new BackendPersistence(Order, this.backend.inner).save(soaOf(before));
    this.asked.push({ what: { kind: "load" }, outcome: { value: undefined }, replay: (model) => void addAll(model, before) });
    this.#store = await PersistentStore.open(new BackendPersistence(Order, this.backend));
  }

  async stored(): Promise<OrderInit[]> {
    const loaded = await new BackendPersistence(Order, this.backend.inner).load();
    return [...loaded.rows()].map((row) => row.toObject());
  }

  /** Asks without waiting. What was given is spoilt afterwards: it must not matter. */
  ask(what: Step): void {
    const { store } = this;
    switch (what.kind) {
      case "add": {
        const row = order(what.key, { total: what.seed });
        const kept = structuredClone(row);
        this.#note(what, store.add(row), (model) => model.add(kept));
        spoil(row);
        break;
      }
      case "addBatch": {
        const rows = what.keys.map((k) => order(k, { total: what.seed }));
        const kept = structuredClone(rows);
        this.#note(what, store.addBatch(rows), (model) => addAll(model, kept));
        rows.forEach(spoil);
        break;
      }
      case "addColumns": {
        const rows = what.keys.map((k) => order(k, { total: what.seed }));
        const kept = structuredClone(rows);
        const columns = {
          orderId: BigUint64Array.from(rows, (row) => row.orderId),
          customer: rows.map((row) => row.customer),
          note: rows.map((row) => row.note ?? null),
          total: Float64Array.from(rows, (row) => row.total),
          region: rows.map((row) => row.region),
          status: rows.map((row) => row.status),
          placedAt: rows.map((row) => row.placedAt),
        };
        this.#note(what, store.addColumns(columns), (model) => addAll(model, kept));
        columns.total.fill(-1);
        columns.orderId.fill(99n);
        rows.forEach(spoil);
        break;
      }
      case "patch": {
        const patch = patchOf(what.seed);
        const kept = structuredClone(patch);
        this.#note(what, store.update(BigInt(what.key), patch), (model) =>
          model.update(BigInt(what.key), (row) => Object.assign(row, kept)),
        );
        Object.assign(patch, { total: -1, note: "spoilt" });
        patch.placedAt?.setTime(0);
        break;
      }
      case "draft":
        this.#note(what, store.update(BigInt(what.key), draftChange), (model) => model.update(BigInt(what.key), draftChange));
        break;
      case "upsert": {
        const row = order(what.key, { total: what.seed, region: `upsert ${what.seed % 3}` });
        const kept = structuredClone(row);
        this.#note(what, store.upsert(row), (model) => model.upsert(kept));
        spoil(row);
        break;
      }
      case "delete":
        this.#note(what, store.delete(BigInt(what.key)), (model) => model.delete(BigInt(what.key)));
        break;
      case "save":
        this.#note(what, store.saveToStorage(), () => undefined);
        break;
      case "load":
        this.#note(what, store.loadFromStorage(), (model) => model.compact());
        break;
      case "clear":
        this.#note(what, store.clearAll(), (model) => model.clear());
        break;
    }
  }

  /** Until everything is settled, also what the storage left open. */
  async drain(): Promise<void> {
    await Promise.all(this.waiting.splice(0));
    for (let tries = 0; tries < 100; tries++) {
      try {
        await this.store.addBatch([]);
        return;
      } catch (error) {
        if (!(error instanceof FaunError)) throw error;
      }
    }
    throw new Error("the store does not come to rest");
  }

  /** The model after what was acknowledged, or made without a word, in the order it was asked for. */
  replay(strict: boolean): StoreModel {
    const model = new StoreModel();
    for (const { what, outcome, replay } of this.asked) {
      if (outcome === undefined) throw new Error("not settled");
      if ("value" in outcome) {
        const expected = replay(model);
        expect({ what, value: plain(outcome.value) }).toEqual({ what, value: expected });
      } else {
        expect(outcome.error).toBeInstanceOf(FaunError);
        if (this.backend.wasMade(outcome.error)) replay(model);
        else if (strict) expect(() => replay(structuredCloneModel(model)), JSON.stringify(what)).toThrow();
      }
    }
    return model;
  }

  #note(what: Step, promise: Promise<unknown>, replay: (model: StoreModel) => unknown): void {
    const asked: Asked = { what, replay };
    this.asked.push(asked);
    this.waiting.push(
      promise.then(
        (value) => {
          asked.outcome = { value };
        },
        (error) => {
          asked.outcome = { error };
        },
      ),
    );
  }
}

function structuredCloneModel(model: StoreModel): StoreModel {
  const copy = new StoreModel();
  for (const row of model.present) copy.add(row);
  return copy;
}

const plain = (value: unknown) =>
  value instanceof RowRange ? { first: value.length === 0 ? 0 : value.first, length: value.length } : value;

function addAll(model: StoreModel, rows: OrderInit[]): { first: number; length: number } {
  if (new Set(rows.map((row) => row.orderId)).size < rows.length) throw new Error("twice in one batch");
  if (rows.some((row) => model.get(row.orderId) !== undefined)) throw new Error("there already");
  const [first = 0] = rows.map((row) => model.add(row));
  return { first, length: rows.length };
}

function spoil(row: OrderInit): void {
  Object.assign(row, { orderId: 77n, total: -1, customer: "spoilt" });
  row.placedAt.setTime(0);
}

function patchOf(seed: number): PatchOf<Order> {
  switch (seed % 5) {
    case 0:
      return { total: seed };
    case 1:
      return { note: seed % 2 === 0 ? null : `patched ${seed}`, status: "Delivered" };
    case 2:
      return { region: `patched ${seed % 4}`, placedAt: new Date(seed) };
    case 3:
      return { customer: "", total: seed, note: "x" };
    default:
      return {};
  }
}

/** Depends on what it finds, so that anything lost, doubled or never stored shows. */
function draftChange(row: { total: number; note?: string | null | undefined; placedAt: Date; status: string }): void {
  row.total = (row.total * 3 + 1) % 1_000_003;
  if (row.status === "Pending") row.note = `${row.note ?? "-"}${row.total % 7}`.slice(-12);
  else row.placedAt = new Date(row.placedAt.getTime() + row.total);
}

async function play(run: Run, all: readonly Step[], strict: boolean): Promise<void> {
  await run.open();
  for (const what of all) {
    if (what.kind === "turn") for (let i = 0; i < what.turns; i++) await new Promise((resolve) => setImmediate(resolve));
    else if (what.kind === "drain") {
      await run.drain();
      expect(run.memory).toEqual(await run.stored());
    } else run.ask(what);
  }
  await run.drain();
  const model = run.replay(strict);
  expect(run.memory).toEqual(model.present);
  expect(await run.stored()).toEqual(model.present);
  model.rows.forEach((row, at) => {
    expect(run.store.at(at)?.toObject()).toEqual(row);
    if (row !== undefined) expect(run.store.get(row.orderId)?.toObject()).toEqual(row);
  });
  const again = await PersistentStore.open(new BackendPersistence(Order, run.backend.inner));
  expect([...again].map((row) => row.toObject())).toEqual(model.present);
}

test("without trouble, exactly what is valid is made, in order", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }), async (all, delays) => {
      await play(new Run({ ...noTrouble, delays }), all, true);
    }),
    { numRuns: 150 },
  );
});

test("over a storage that fails, refuses and delays, what was acknowledged is there once, what was rejected is not, and memory equals storage", async () => {
  await fc.assert(
    fc.asyncProperty(steps, trouble, async (all, plan) => {
      await play(new Run(plan), all, false);
    }),
    { numRuns: 400 },
  );
});

test("the same for an entity without a key, whose rows keep their order", async () => {
  const call = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constant("turn" as const));
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 40 }), trouble, async (calls, plan) => {
      const backend = new FaultyBackend(new ArrowPersistence(Reading).backend, { ...plan, poison: new Set() });
      const store = await PersistentStore.open(new BackendPersistence(Reading, backend));
      let next = 0;
      const asked: { values: number[]; outcome: Promise<unknown> }[] = [];
      for (const what of calls) {
        if (what === "turn") await new Promise((resolve) => setImmediate(resolve));
        else {
          const values = Array.from({ length: what }, () => next++);
          const rows = values.map((value) => ({ sensor: `s${value % 3}`, value }));
          const outcome = what === 1 ? store.add(rows[0]) : store.addBatch(rows);
          asked.push({
            values,
            outcome: outcome.then(
              () => undefined,
              (error: unknown) => error,
            ),
          });
        }
      }
      const expected: number[] = [];
      for (const { values, outcome } of asked) {
        const error = await outcome;
        if (error === undefined || backend.wasMade(error)) expected.push(...values);
      }
      for (let settled = false; !settled; )
        settled = await store.addBatch([]).then(
          () => true,
          () => false,
        );
      expect([...store].map((row) => row.value)).toEqual(expected);
      const stored = await new BackendPersistence(Reading, backend.inner).load();
      expect([...stored.rows()].map((row) => row.toObject())).toEqual([...store].map((row) => row.toObject()));
    }),
    { numRuns: 150 },
  );
});
