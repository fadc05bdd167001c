import type { EntitySchema } from "../entity/schema.ts";
import { ValidationError } from "../errors.ts";

/** @throws ValidationError where `rows` is nothing to iterate over */
export function assertIterable(schema: EntitySchema, rows: unknown): void {
  if (typeof rows === "object" && rows !== null && typeof (rows as Partial<Iterable<unknown>>)[Symbol.iterator] === "function")
    return;
  throw new ValidationError({ entity: schema.name, value: rows, expected: "an iterable of rows, such as an array" });
}
