import type { CodeKind } from "../../entity/field-type.ts";
import type { EntitySchema, FieldSpec } from "../../entity/schema.ts";
import { ValidationError } from "../../errors.ts";
import type { Allocator } from "../allocator.ts";
import { type Bind, Codec } from "../codec.ts";
import { CODE_LIMIT, Dictionary } from "../dictionary.ts";
import { FixedColumn } from "../fixed-column.ts";
import { NUMBER_ARRAYS } from "./number.ts";

export type CodeArray = Uint8Array | Uint16Array | Uint32Array;
type Codes = FixedColumn<CodeArray>;

/** Values are compared one by one up to this many: strings of a program are mostly the same object as the literal. */
const CHAIN = 8;

/** What enums and categories share: codes into a dictionary. */
abstract class CodeCodec extends Codec<Codes> {
  override readonly dictionary: Dictionary;
  readonly #codes: CodeKind;

  constructor(schema: EntitySchema, field: FieldSpec, codes: CodeKind, dictionary: Dictionary) {
    super(schema, field);
    this.#codes = codes;
    this.dictionary = dictionary;
  }

  override makeColumn(allocator: Allocator, capacity: number, epoch: number): Codes {
    return new FixedColumn<CodeArray>(allocator, NUMBER_ARRAYS[this.#codes], 1, capacity, epoch);
  }

  override load(column: Codes, row: number): string {
    return this.dictionary.values[column.values[row]];
  }

  override storeEmpty(column: Codes, row: number): void {
    column.values[row] = 0;
  }

  override loadSource(column: string, row: string, bind: Bind): string {
    return `${bind(this.dictionary.values)}[${column}.values[${row}]]`;
  }
}

/** The code of a value is its position in the declaration. */
export class EnumCodec extends CodeCodec {
  constructor(schema: EntitySchema, field: FieldSpec, codes: CodeKind, values: readonly string[]) {
    super(schema, field, codes, new Dictionary(values.length, values));
  }

  override store(column: Codes, row: number, value: unknown): void {
    column.values[row] = this.dictionary.codeOf(value as string);
  }

  override storeSource(column: string, row: string, value: string, take: string, bind: Bind): string {
    const values = this.dictionary.values;
    const codeOf = `${bind(this.dictionary)}.codeOf(${value})`;
    const code =
      values.length <= CHAIN
        ? values.reduceRight((rest, v, i) => `${value} === ${JSON.stringify(v)} ? ${i} : ${rest}`, "-1")
        : codeOf;
    return `let code = ${code}; if (code < 0) { ${value} = ${take}(${value}); code = ${codeOf}; } ${column}.values[${row}] = code;`;
  }
}

/** Codes are given out as strings appear. */
export class CategoryCodec extends CodeCodec {
  constructor(schema: EntitySchema, field: FieldSpec, codes: CodeKind) {
    super(schema, field, codes, new Dictionary(CODE_LIMIT[codes]));
  }

  override store(column: Codes, row: number, value: unknown): void {
    const code = this.dictionary.intern(value as string);
    if (code < 0) throw this.#full(value);
    column.values[row] = code;
  }

  override check(value: unknown): unknown {
    const checked = super.check(value);
    // Here and not only when storing, so that an update of several fields fails before it wrote one.
    if (checked !== null && this.dictionary.size >= this.dictionary.limit && this.dictionary.codeOf(checked as string) < 0)
      throw this.#full(value);
    return checked;
  }

  override probe(column: Codes, value: unknown): boolean {
    const code = this.dictionary.codeOf(this.check(value) as string);
    if (code < 0) return false;
    column.values[0] = code;
    return true;
  }

  #full(value: unknown): ValidationError {
    const { limit } = this.dictionary;
    const expected = `at most ${limit.toLocaleString("en")} distinct values; declare it with category({ codes: "u32" }) for more`;
    return new ValidationError({ entity: this.schema.name, field: this.field.name, expected, value });
  }
}
