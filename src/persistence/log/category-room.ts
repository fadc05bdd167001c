import type { EntitySchema, FieldSpec } from "../../entity/schema.ts";
import { ValidationError } from "../../errors.ts";
import type { BackendSnapshot } from "../backend.ts";
import type { Step } from "../change-steps.ts";
import { places } from "../step-rows.ts";

/**
 * Sees to it that categories over u8 or u16 codes never get more distinct strings than they have codes for: the rows
 * could not be loaded any more. The strings that are stored are read when it first matters.
 */
export class CategoryRoom {
  readonly #entity: string;
  readonly #limits: readonly { field: FieldSpec; limit: number }[];
  #strings: Map<number, Set<string>> | null = null;

  constructor(schema: EntitySchema) {
    this.#entity = schema.name;
    this.#limits = schema.fields.flatMap((field) =>
      field.type.kind === "category" && field.type.codes !== "u32"
        ? [{ field, limit: field.type.codes === "u8" ? 256 : 65_536 }]
        : [],
    );
  }

  /** What is stored may have changed without being admitted here. */
  forget(): void {
    this.#strings = null;
  }

  /** @returns to be called once the steps are made; null where there is nothing to do @throws ValidationError */
  async admit(steps: readonly Step[], snapshot: () => Promise<BackendSnapshot>): Promise<(() => void) | null> {
    if (this.#limits.length === 0) return null;
    this.#strings ??= await this.#read(await snapshot());
    const coming = new Map<number, Set<string>>();
    for (const { field, limit } of this.#limits) {
      const known = this.#strings.get(field.index) as Set<string>;
      const fresh = new Set<string>();
      for (const string of stringsOf(steps, field)) if (!known.has(string)) fresh.add(string);
      if (known.size + fresh.size > limit) {
        throw new ValidationError({
          entity: this.#entity,
          field: field.name,
          expected: `at most ${limit} distinct values, which ${known.size} stored and ${fresh.size} new ones exceed`,
        });
      }
      coming.set(field.index, fresh);
    }
    const strings = this.#strings;
    return () => {
      for (const [index, fresh] of coming) for (const string of fresh) strings.get(index)?.add(string);
    };
  }

  async #read(snapshot: BackendSnapshot): Promise<Map<number, Set<string>>> {
    const strings = new Map(this.#limits.map(({ field }) => [field.index, new Set<string>()]));
    try {
      const columns = this.#limits.map(({ field }) => field.name);
      for await (const batch of snapshot.scan({ columns })) {
        for (const { field } of this.#limits) {
          const known = strings.get(field.index) as Set<string>;
          for (const value of batch.getChild(field.column) ?? []) if (value !== null) known.add(value as string);
        }
      }
      return strings;
    } finally {
      await snapshot.close();
    }
  }
}

function* stringsOf(steps: readonly Step[], field: FieldSpec): Generator<string> {
  for (const step of steps) {
    if (step.kind === "clear" || step.kind === "delete" || !step.rows.schema.has(field.name)) continue;
    const { index } = step.rows.schema.field(field.name);
    for (const { chunk, at } of places(step.rows)) {
      const value = step.rows.codecs[index].read(chunk.columns[index], at);
      if (value !== null) yield value as string;
    }
  }
}
