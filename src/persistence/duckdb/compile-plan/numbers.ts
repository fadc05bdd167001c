import type { ArithmeticOp } from "../../../query/expression.ts";
import type { ValueType } from "../../../query/value-type.ts";
import { type Compiled, digitsOf, INT64, INT128, isFloat, NotCompiled, SAFE, within } from "./compiled.ts";

const UINT64: readonly [bigint, bigint] = [0n, 2n ** 64n - 1n];

/** A number as a double, rounded once. */
export function asDouble({ sql, type, range, digits }: Compiled): string {
  if (isFloat(type)) return `CAST(${sql} AS DOUBLE)`;
  if (range !== undefined) {
    // DuckDB rounds 128 bits twice, 64 once.
    if (within(range, INT64)) return `CAST(CAST(${sql} AS BIGINT) AS DOUBLE)`;
    if (within(range, UINT64)) return `CAST(CAST(${sql} AS UBIGINT) AS DOUBLE)`;
    throw new NotCompiled("integers of more than 64 bits as doubles");
  }
  // Both the digits and the power of ten are exact doubles then, and their quotient is rounded once.
  if (digits !== undefined && digits <= 15) return `CAST(${sql} AS DOUBLE)`;
  throw new NotCompiled("decimals of more than 15 digits as doubles");
}

/** An integer as a decimal without fraction, decimals as they are; with the digits it may have. */
export function asDecimal({ sql, type, range, digits }: Compiled): { sql: string; digits: number; scale: number } {
  if (type.kind === "decimal") return { sql, digits: digits ?? 38, scale: type.scale };
  if (range === undefined) throw new NotCompiled("decimals beside floats");
  const needed = digitsOf(range);
  if (needed > 38) throw new NotCompiled("integers of more than 38 digits as decimals");
  return { sql: `CAST(${sql} AS DECIMAL(${needed},0))`, digits: needed, scale: 0 };
}

const OPERATOR: Readonly<Record<ArithmeticOp, string>> = { add: "+", sub: "-", mul: "*", div: "/", intDiv: "//", mod: "%" };

export function arithmetic(op: ArithmeticOp, a: Compiled, b: Compiled, type: ValueType): Compiled {
  if (type.kind === "f64") return { sql: `(${asDouble(a)} ${OPERATOR[op]} ${asDouble(b)})`, type };
  if (type.kind === "decimal") return decimalArithmetic(op, a, b, type);
  const [x, y] = [a.range, b.range];
  if (x === undefined || y === undefined) throw new NotCompiled(`${op} of what is no integer`);
  const range = resultRange(op, x, y);
  const narrow = within(x, INT64) && within(y, INT64) && within(range, INT64);
  const sqlType = narrow ? "BIGINT" : "HUGEINT";
  const sql = `(CAST(${a.sql} AS ${sqlType}) ${OPERATOR[op]} CAST(${b.sql} AS ${sqlType}))`;
  return checked(sql, type, range);
}

/** What leaves the range of its type is an error of the statement. */
export function checked(sql: string, type: ValueType, range: readonly [bigint, bigint]): Compiled {
  if (!("mode" in type) || type.mode !== "number")
    return { sql, type, range: [max(range[0], INT128[0]), min(range[1], INT128[1])] };
  if (within(range, [-SAFE, SAFE])) return { sql, type, range };
  return {
    sql: `CASE WHEN ${sql} NOT BETWEEN -${SAFE} AND ${SAFE} THEN error('Out of Range: an integer beyond 2^53') ELSE ${sql} END`,
    type,
    range: [-SAFE, SAFE],
  };
}

export function negation(x: Compiled, type: ValueType): Compiled {
  if (type.kind === "f64") return { sql: `(-${asDouble(x)})`, type };
  if (type.kind === "decimal") return { sql: `(-${x.sql})`, type, ...(x.digits === undefined ? {} : { digits: x.digits }) };
  const [low, high] = x.range ?? INT128;
  const range: readonly [bigint, bigint] = [-high, -low];
  const narrow = within([low, high], INT64) && within(range, INT64);
  return checked(`(-CAST(${x.sql} AS ${narrow ? "BIGINT" : "HUGEINT"}))`, type, range);
}

function decimalArithmetic(op: ArithmeticOp, a: Compiled, b: Compiled, type: ValueType): Compiled {
  if (op !== "add" && op !== "sub" && op !== "mul") throw new NotCompiled(`${op} of decimals`);
  const [x, y] = [asDecimal(a), asDecimal(b)];
  const scale = op === "mul" ? x.scale + y.scale : Math.max(x.scale, y.scale);
  const digits = op === "mul" ? x.digits + y.digits : Math.max(x.digits - x.scale, y.digits - y.scale) + 1 + scale;
  if (digits > 38 || scale > 38) throw new NotCompiled("decimals that may need more than 38 digits");
  return { sql: `(${x.sql} ${OPERATOR[op]} ${y.sql})`, type, digits };
}

function resultRange(
  op: ArithmeticOp,
  [a, b]: readonly [bigint, bigint],
  [c, d]: readonly [bigint, bigint],
): readonly [bigint, bigint] {
  switch (op) {
    case "add":
      return [a + c, b + d];
    case "sub":
      return [a - d, b - c];
    case "mul": {
      const products = [a * c, a * d, b * c, b * d];
      return [products.reduce(min), products.reduce(max)];
    }
    case "intDiv": {
      const most = max(max(a, -a), max(b, -b));
      return [-most, most];
    }
    default: {
      const most = max(max(a, -a), max(b, -b));
      return [a < 0n ? -most : 0n, most];
    }
  }
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
