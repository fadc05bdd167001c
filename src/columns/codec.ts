import { inlineCheck } from "../entity/inline-check.ts";
import type { EntitySchema, FieldSpec } from "../entity/schema.ts";
import { absentValue, normaliser } from "../entity/validation.ts";
import type { Allocator } from "./allocator.ts";
import type { Column } from "./column.ts";
import type { Dictionary } from "./dictionary.ts";

/** Gives a value a name in generated code. */
export type Bind = (value: unknown) => string;

/**
 * How the values of one field go into its columns and come out: one subclass per logical
 * type. A codec belongs to one store, as its dictionary does.
 *
 * Each has closures for everything; hot types also give the source text of the same steps,
 * from which writers and views are generated.
 */
export abstract class Codec<C extends Column = Column> {
  readonly schema: EntitySchema;
  readonly field: FieldSpec;
  /** The strings behind the codes of a category or enum. */
  readonly dictionary: Dictionary | null = null;
  readonly #normalise: (value: unknown) => unknown;
  readonly #absent: () => unknown;

  constructor(schema: EntitySchema, field: FieldSpec) {
    this.schema = schema;
    this.field = field;
    this.#normalise = normaliser(schema, field);
    this.#absent = absentValue(schema, field);
  }

  abstract makeColumn(allocator: Allocator, capacity: number, epoch: number): C;
  /** The value of a row that is not null. */
  abstract load(column: C, row: number): unknown;
  /** Appends a normalised value that is not null as row `row`. */
  abstract store(column: C, row: number, value: unknown): void;
  /** Appends what stands under a null: zero, or no bytes. */
  abstract storeEmpty(column: C, row: number): void;

  /** Overwrites a row that is there already. */
  protected restore(column: C, row: number, value: unknown): void {
    this.store(column, row, value);
  }

  protected restoreEmpty(column: C, row: number): void {
    this.storeEmpty(column, row);
  }

  /** Whether `value` can be among the stored ones; if so it is written to row 0 of `column`, to look it up. */
  probe(column: C, value: unknown): boolean {
    this.store(column, 0, this.check(value));
    return true;
  }

  /** The normalised form of a value of a new row, where undefined means absent. @throws ValidationError */
  take(value: unknown): unknown {
    return value === undefined ? this.#absent() : this.check(value);
  }

  /** The normalised form of a value, null where allowed. @throws ValidationError */
  check(value: unknown): unknown {
    return this.#normalise(value);
  }

  read(column: C, row: number): unknown {
    return column.isNull(row) ? null : this.load(column, row);
  }

  /** Appends a checked value as row `row`. */
  append(column: C, row: number, value: unknown): void {
    if (value === null) {
      this.storeEmpty(column, row);
      column.markNull(row);
    } else {
      this.store(column, row, value);
      column.markValid(row);
    }
  }

  /** Overwrites a row that is there already with a checked value. */
  overwrite(column: C, row: number, value: unknown): void {
    if (value === null) {
      this.restoreEmpty(column, row);
      column.markNull(row);
    } else {
      this.restore(column, row, value);
      column.markValid(row);
    }
  }

  /** An expression for the value at `row` of `column`, both expressions; null where only `load` knows. */
  loadSource(_column: string, _row: string, _bind: Bind): string | null {
    return null;
  }

  /**
   * Statements that append the variable `value`, which is not null; `take` names a function that gives its
   * normalised form or throws. null where only `store` knows.
   */
  storeSource(_column: string, _row: string, _value: string, _take: string, _bind: Bind): string | null {
    return null;
  }

  /** A statement after which the variable `value` is normalised: the common case is checked in place. */
  protected checkSource(value: string, take: string): string {
    const check = inlineCheck(this.field.type, value);
    return check === null ? `${value} = ${take}(${value});` : `${value} = ${check.when} ? ${check.value} : ${take}(${value});`;
  }
}
