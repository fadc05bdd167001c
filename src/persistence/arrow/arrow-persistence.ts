import { schemaOf } from "../../entity/entity.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { ValidationError } from "../../errors.ts";
import { BackendPersistence } from "../backend-persistence.ts";
import { ArrowBackend } from "./arrow-backend.ts";

export interface ArrowPersistenceOptions {
  /** Commits that `backend.history()` remembers: 1 to 1,000,000, default 1,000. */
  history?: number;
}

/**
 * Rows kept as Arrow batches in the memory of this process, for as long as this object lives. A change costs what it
 * changes, whatever is stored; rows are saved, appended in bulk and loaded without copying their columns.
 */
export class ArrowPersistence<T extends EntityRow> extends BackendPersistence<T> {
  /** @throws ValidationError if `entity` is no entity class, or an option is out of range */
  constructor(entity: EntityClass<T>, options: ArrowPersistenceOptions = {}) {
    const { history = 1000 } = options;
    if (!Number.isInteger(history) || history < 1 || history > 1_000_000) {
      throw new ValidationError({
        entity: schemaOf(entity).name,
        value: history,
        expected: "history: an integer from 1 to 1000000",
      });
    }
    super(entity, new ArrowBackend(entity, { history }));
  }
}
