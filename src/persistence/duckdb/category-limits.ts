import type { Codec } from "../../columns/codec.ts";
import { CODE_LIMIT } from "../../columns/dictionary.ts";
import type { EntitySchema, FieldSpec } from "../../entity/schema.ts";
import { ValidationError } from "../../errors.ts";
import type { DuckConnection } from "./connection.ts";
import { quoteName } from "./identifiers.ts";
import type { EntityTable } from "./table.ts";

/**
 * Holds categories of narrow codes to the number of strings that those can tell apart: the table would take more, and could
 * not be loaded any more. What is known of the strings that are there is an upper bound; only where that exceeds the limit
 * the table is asked.
 */
export class CategoryLimits {
  readonly #schema: EntitySchema;
  readonly #table: EntityTable;
  readonly #fields: readonly FieldSpec[];
  readonly #known = new Map<string, Set<string>>();
  readonly #added = new Map<string, Set<string>>();

  constructor(schema: EntitySchema, table: EntityTable) {
    this.#schema = schema;
    this.#table = table;
    this.#fields = schema.fields.filter(({ type }) => type.kind === "category" && type.codes !== "u32");
  }

  /** The strings of these dictionaries were added. */
  added(codecs: readonly Codec[]): void {
    for (const { name } of this.#fields) {
      const values = codecs.find(({ field }) => field.name === name)?.dictionary?.values;
      if (values === undefined) continue;
      const added = this.#added.get(name) ?? new Set();
      for (const value of values) added.add(value);
      this.#added.set(name, added);
    }
  }

  /** Of the table as the transaction leaves it. @throws ValidationError */
  async check(connection: DuckConnection): Promise<void> {
    for (const field of this.#fields) {
      const added = this.#added.get(field.name);
      if (added === undefined) continue;
      const limit = limitOf(field);
      const known = this.#known.get(field.name) ?? (await this.#strings(connection, field));
      for (const value of added) known.add(value);
      this.#known.set(field.name, known);
      if (known.size <= limit) continue;
      const present = await this.#strings(connection, field);
      this.#known.set(field.name, present);
      if (present.size <= limit) continue;
      throw new ValidationError({
        entity: this.#schema.name,
        field: field.name,
        expected: `at most ${limit} distinct values, which the ${present.size} of stored and new rows exceed`,
      });
    }
    this.#added.clear();
  }

  forget(): void {
    this.#known.clear();
    this.#added.clear();
  }

  async #strings(connection: DuckConnection, field: FieldSpec): Promise<Set<string>> {
    const column = quoteName(field.column);
    const rows = await connection.rows(
      `SELECT DISTINCT ${column} FROM ${this.#table.sql} WHERE ${column} IS NOT NULL LIMIT ${limitOf(field) + 1}`,
    );
    return new Set(rows.map(([value]) => value as string));
  }
}

const limitOf = ({ type }: FieldSpec): number => (type.kind === "category" ? CODE_LIMIT[type.codes] : 0);
