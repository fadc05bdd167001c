import { schemaOf } from "../../entity/entity.ts";
import type { EntityRow } from "../../entity/types.ts";
import { UnsupportedError, ValidationError } from "../../errors.ts";
import type { Persistence } from "../persistence.ts";

/**
 * @throws ValidationError for what is no persistence
 * @throws UnsupportedError for a backend that a PersistentStore cannot stand on
 */
export function assertOpenable<T extends EntityRow>(persistence: Persistence<T>): void {
  if (typeof persistence !== "object" || persistence === null || !("backend" in persistence)) {
    throw new ValidationError({
      entity: "PersistentStore.open()",
      value: persistence,
      expected: "a persistence, such as new ArrowPersistence(Order)",
    });
  }
  const { mutations, atomicCommit } = persistence.backend.capabilities;
  if (atomicCommit) return;
  const { name } = schemaOf(persistence.entity);
  throw new UnsupportedError(
    mutations === "none"
      ? `${name}: a PersistentStore is there to be changed, and this storage can only be read: query() asks it, Store.over(await load()) has its rows in memory`
      : `${name}: a PersistentStore needs a backend whose commits are whole or not at all`,
  );
}
