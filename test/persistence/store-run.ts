import { type Backend, BackendPersistence, FaunError, PersistentStore, RowRange } from "faun";
import { expect } from "vitest";
import { Order, type OrderInit, order, soaOf } from "../conformance/entities.ts";
import { FaultyBackend, type Trouble } from "./faulty-backend.ts";
import { StoreModel } from "./store-model.ts";
import { type Call, draftChange, KEYS, patchOf, type Step } from "./store-steps.ts";

/** What was asked, its outcome once it is settled, and how to make it in the model. */
interface Asked {
  what: Step;
  outcome?: { value: unknown } | { error: unknown };
  replay(model: StoreModel): unknown;
}

export interface Plan {
  steps: readonly Step[];
  trouble: Trouble;
  /** Made one list a time where the storage waits. */
  meanwhile?: readonly (readonly Call[])[];
  /** Made one list a time when somebody is told an outcome. */
  inAnswer?: readonly (readonly Call[])[];
}

/** A PersistentStore over a backend in trouble, and what was asked of it. */
export class StoreRun {
  readonly backend: FaultyBackend;
  readonly #plan: Plan;
  readonly #asked: Asked[] = [];
  #unsettled = 0;
  #pauses = 0;
  #answers = 0;
  /** What was found wrong where an error would be taken for one of the storage. */
  readonly #wrong: unknown[] = [];
  #store: PersistentStore<Order> | undefined;

  constructor(inner: Backend, plan: Plan) {
    this.#plan = plan;
    this.backend = new FaultyBackend(inner, plan.trouble);
    this.backend.onCommit = async (changes) => {
      if (changes[0]?.kind === "replace") return;
      // Memory shows what is durable, and nothing else, whenever a commit sets out.
      try {
        expect(this.memory).toEqual(await this.stored());
      } catch (error) {
        this.#wrong.push(error);
      }
    };
    this.backend.onWait = () => this.#askAll(plan.meanwhile?.[this.#pauses++]);
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
    this.#asked.push({ what: { kind: "load" }, outcome: { value: undefined }, replay: (model) => void addAll(model, before) });
    this.#store = await PersistentStore.open(new BackendPersistence(Order, this.backend));
  }

  async stored(): Promise<OrderInit[]> {
    const loaded = await new BackendPersistence(Order, this.backend.inner).load();
    return [...loaded.rows()].map((row) => row.toObject());
  }

  async play(strict: boolean): Promise<void> {
    await this.open();
    for (const what of this.#plan.steps) await this.#step(what);
    await this.#drain();
    const model = this.#replay(strict);
    expect(this.memory).toEqual(model.present);
    expect(await this.stored()).toEqual(model.present);
    model.rows.forEach((row, at) => {
      expect(this.store.at(at)?.toObject()).toEqual(row);
      if (row !== undefined) expect(this.store.get(row.orderId)?.toObject()).toEqual(row);
    });
    const again = await PersistentStore.open(new BackendPersistence(Order, this.backend.inner));
    expect([...again].map((row) => row.toObject())).toEqual(model.present);
  }

  async #step(what: Step): Promise<void> {
    switch (what.kind) {
      case "turn":
        for (let i = 0; i < what.turns; i++) await turn();
        break;
      case "drain":
        await this.#drain();
        expect(this.memory).toEqual(await this.stored());
        break;
      case "compact":
        await this.#drain();
        this.store.compact();
        this.#asked.push({ what, outcome: { value: undefined }, replay: (model) => model.compact() });
        break;
      default:
        this.#ask(what);
    }
  }

  #askAll(calls: readonly Call[] = []): void {
    // Before the store is open there is nobody to ask.
    if (this.#store !== undefined) for (const what of calls) this.#ask(what);
  }

  /** Asks without waiting. What was given is spoilt afterwards: it must not matter. */
  #ask(what: Call): void {
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
  async #drain(): Promise<void> {
    for (let tries = 0; tries < 1000; tries++) {
      while (this.#unsettled > 0) await turn();
      const settled = await this.store.addBatch([]).then(
        () => true,
        (error) => {
          if (error instanceof FaunError) return false;
          throw error;
        },
      );
      if (settled && this.#unsettled === 0) return;
    }
    throw new Error("the store does not come to rest");
  }

  /** The model after what was acknowledged, or made without a word, in the order it was asked for. */
  #replay(strict: boolean): StoreModel {
    if (this.#wrong.length > 0) throw this.#wrong[0];
    const model = new StoreModel();
    for (const { what, outcome, replay } of this.#asked) {
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

  #note(what: Call, promise: Promise<unknown>, replay: (model: StoreModel) => unknown): void {
    const asked: Asked = { what, replay };
    this.#asked.push(asked);
    this.#unsettled++;
    const settle = (outcome: NonNullable<Asked["outcome"]>) => {
      asked.outcome = outcome;
      this.#unsettled--;
      this.#askAll(this.#plan.inAnswer?.[this.#answers++]);
    };
    promise.then(
      (value) => settle({ value }),
      (error) => settle({ error }),
    );
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

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
