import type { Value } from "../../../query/bound.ts";
import type { ValueType } from "../../../query/value-type.ts";

/** A value to bind: its form is that of `Value`, and its type says which type of the engine it is sent as. */
export interface Parameter {
  readonly type: ValueType;
  readonly value: Value | null;
}

/** An expression as SQL, with what is known of its values. */
export interface Compiled {
  readonly sql: string;
  readonly type: ValueType;
  /** Of integers: the smallest and largest value there can be. */
  readonly range?: readonly [bigint, bigint];
  /** Of decimals: the digits that DuckDB's type has. */
  readonly digits?: number;
}

/** Thrown for what DuckDB would not answer as Faun does: such plans are answered in memory. The message says why. */
export class NotCompiled extends Error {}

/** What the engine throws for rows whose exact answer its arithmetic cannot give: the plan is then answered in memory. */
export const INEXACT = "_faun_inexact";

/** More text than this is not worth sending. */
export const MAX_SQL = 200_000;

/** Collects the parameters of a statement, and gives its sources names. */
export class Parameters {
  readonly #list: Parameter[] = [];
  #names = 0;

  newName(): string {
    return `s${this.#names++}`;
  }

  add(type: ValueType, value: Value | null): string {
    return `\0${this.#list.push({ type, value }) - 1}\0`;
  }

  /** The text with $1, $2, … for those of the parameters that it has, and these. */
  number(sql: string): { readonly sql: string; readonly parameters: readonly Parameter[] } {
    const numbers = new Map<string, number>();
    const parameters: Parameter[] = [];
    // Names and texts in it have no NUL: quoting refuses that.
    const numbered = sql.replace(/\0(\d+)\0/g, (_, id: string) => {
      const known = numbers.get(id) ?? parameters.push(this.#list[Number(id)] as Parameter);
      numbers.set(id, known);
      return `$${known}`;
    });
    return { sql: numbered, parameters };
  }
}

export const SAFE = 2n ** 53n - 1n;
export const INT64: readonly [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n];
export const INT128: readonly [bigint, bigint] = [1n - 2n ** 127n, 2n ** 127n - 1n];

const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  u8: [0n, 255n],
  u16: [0n, 65_535n],
  u32: [0n, 2n ** 32n - 1n],
  i8: [-128n, 127n],
  i16: [-32_768n, 32_767n],
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  u64: [0n, 2n ** 64n - 1n],
  i64: INT64,
  integer: INT128,
};

/** The values of an integer type; undefined for others. */
export function rangeOf(type: ValueType): readonly [bigint, bigint] | undefined {
  const range = RANGES[type.kind];
  if (range === undefined || !("mode" in type) || type.mode !== "number") return range;
  return [range[0] < -SAFE ? -SAFE : range[0], range[1] > SAFE ? SAFE : range[1]];
}

export const isFloat = ({ kind }: ValueType): boolean => kind === "f32" || kind === "f64";

export const within = ([low, high]: readonly [bigint, bigint], [least, most]: readonly [bigint, bigint]): boolean =>
  low >= least && high <= most;

/** Digits of the largest value in magnitude. */
export const digitsOf = ([low, high]: readonly [bigint, bigint]): number =>
  String(-low > high ? -low : high < 0n ? -high : high).length;
