import type { CodeKind } from "../entity/field-type.ts";

export const CODE_LIMIT: Readonly<Record<CodeKind, number>> = { u8: 2 ** 8, u16: 2 ** 16, u32: 2 ** 32 };

/** The distinct strings of a category or enum field; a row stores the position ("code") of its string. */
export class Dictionary {
  /** Strings by code. Only grows, but for a rollback of codes no row uses. */
  readonly values: string[] = [];
  readonly #codes = new Map<string, number>();
  /** How often codes were forgotten: what was derived from `values` before may be wrong since. */
  truncations = 0;
  /** How many distinct strings fit. */
  readonly limit: number;

  constructor(limit: number, values: Iterable<string> = []) {
    this.limit = limit;
    for (const value of values) this.intern(value);
  }

  get size(): number {
    return this.values.length;
  }

  /** The code of `value`, or -1. */
  codeOf(value: string): number {
    return this.#codes.get(value) ?? -1;
  }

  /** The code of `value`, new if need be; -1 where no more fit. */
  intern(value: string): number {
    const known = this.#codes.get(value);
    if (known !== undefined) return known;
    const code = this.values.length;
    if (code >= this.limit) return -1;
    this.values.push(value);
    this.#codes.set(value, code);
    return code;
  }

  /** Forgets the codes from `size` on, which no row may use. */
  truncate(size: number): void {
    if (this.values.length > size) this.truncations++;
    while (this.values.length > size) this.#codes.delete(this.values.pop() as string);
  }
}
