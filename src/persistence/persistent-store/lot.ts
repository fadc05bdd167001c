import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { DuplicateKeyError } from "../../errors.ts";
import { SoA } from "../../soa/soa.ts";
import { forEachKey, places } from "../step-rows.ts";
import { CategoryBudget } from "./category-budget.ts";

/** Rows on their way into the storage as a commit of their own. */
export class Lot {
  readonly rows: SoA<EntityRow>;

  /** @throws ValidationError, DuplicateKeyError for rows that are not sound by themselves */
  constructor(entity: EntityClass<EntityRow>, rows: Iterable<unknown>) {
    this.rows = new SoA(entity);
    this.rows.addBatch(rows);
  }

  /** Checks that memory could take the rows in. O(rows). @throws DuplicateKeyError, ValidationError where a category is full */
  check(memory: SoA<EntityRow>): void {
    const { key, name } = this.rows.schema;
    if (key !== null) {
      forEachKey(this.rows, (value) => {
        if (memory.has(value)) throw new DuplicateKeyError(name, key.name, value);
      });
    }
    const budget = new CategoryBudget(memory.codecs);
    for (const field of budget.fields) {
      for (const { chunk, at } of places(this.rows))
        budget.admit(memory, field, this.rows.codecs[field].read(chunk.columns[field], at));
    }
  }
}
