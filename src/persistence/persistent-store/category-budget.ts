import type { Codec } from "../../columns/codec.ts";
import type { EntityRow } from "../../entity/types.ts";
import { ValidationError } from "../../errors.ts";
import type { SoA } from "../../soa/soa.ts";

/**
 * Sees to it that the strings of what is pending will find room in the dictionaries of memory: a change must not turn
 * out to be impossible once it is durable.
 */
export class CategoryBudget {
  /** New strings of what is pending, by field index; fields whose dictionary cannot fill up are left out. */
  readonly #coming = new Map<number, Set<string>>();
  readonly fields: readonly number[];

  constructor(codecs: readonly Codec[]) {
    this.fields = codecs.flatMap(({ field }) =>
      field.type.kind === "category" && field.type.codes !== "u32" ? [field.index] : [],
    );
    for (const field of this.fields) this.#coming.set(field, new Set());
  }

  /** @throws ValidationError where the dictionary would be full */
  admit(memory: SoA<EntityRow>, field: number, value: unknown): void {
    const coming = this.#coming.get(field);
    const { dictionary } = memory.codecs[field];
    if (coming === undefined || dictionary === null || value === null) return;
    const string = value as string;
    if (dictionary.codeOf(string) >= 0 || coming.has(string)) return;
    if (dictionary.size + coming.size >= dictionary.limit) {
      const { name } = memory.schema.fields[field];
      const expected = `at most ${dictionary.limit} distinct values; declare it with category({ codes: "u32" }) for more`;
      throw new ValidationError({ entity: memory.schema.name, field: name, value, expected });
    }
    coming.add(string);
  }

  /** Memory took something in. */
  settle(memory: SoA<EntityRow>): void {
    for (const [field, coming] of this.#coming) {
      for (const string of coming) if ((memory.codecs[field].dictionary?.codeOf(string) ?? -1) >= 0) coming.delete(string);
    }
  }

  /** Nothing is pending. */
  clear(): void {
    for (const coming of this.#coming.values()) coming.clear();
  }
}
