import { ValidationError } from "../errors.ts";

/** The rows for which `predicate` holds. O(rows). @throws ValidationError where it is no function */
export function filterRows<T>(entity: string, rows: Iterable<T>, predicate: (row: T) => boolean): T[] {
  if (typeof predicate !== "function") {
    throw new ValidationError({ entity, value: predicate, expected: "a predicate, such as (row) => row.amount > 100" });
  }
  const found: T[] = [];
  for (const row of rows) if (predicate(row)) found.push(row);
  return found;
}
