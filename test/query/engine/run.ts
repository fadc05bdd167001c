import type { EntityRow } from "../../../src/entity/types.ts";
import { bindPlan } from "../../../src/query/bind.ts";
import { execute, executeRows } from "../../../src/query/engine/execute.ts";
import { explain } from "../../../src/query/engine/explain.ts";
import { type IndexedRows, sourceOf } from "../../../src/query/engine/source.ts";
import type { Plan, Step } from "../../../src/query/plan.ts";
import type { Store } from "../../../src/store/store.ts";

/** Runs steps on a store, below everything a store adds to the engine. */
export class Engine<T extends EntityRow> {
  readonly #rows: IndexedRows;

  constructor(of: Store<T> | IndexedRows) {
    this.#rows = "kernel" in of ? (of.kernel as IndexedRows) : of;
  }

  #bound(steps: readonly Step[]) {
    const plan: Plan = { faun: 1, entity: this.#rows.schema.name, steps };
    return bindPlan(plan, this.#rows.schema);
  }

  rows(...steps: Step[]): Record<string, unknown>[] {
    return execute(this.#bound(steps), sourceOf(this.#rows)).toRows();
  }

  positions(...steps: Step[]): number[] {
    return Array.from(executeRows(this.#bound(steps), sourceOf(this.#rows)));
  }

  explain(...steps: Step[]): string {
    return explain(this.#bound(steps), sourceOf(this.#rows));
  }
}
