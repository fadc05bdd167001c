import type { Column } from "./expressions.ts";
import type { Question } from "./plans.ts";
import { canonical, toWire, type WireValue } from "./wire.ts";

export type Row = Readonly<Record<string, unknown>>;
export type OracleRow = Readonly<Record<string, WireValue>>;

/** What differs, in words; undefined where the answers are the same. */
export function difference(
  { columns, ordered }: Question,
  found: readonly Row[],
  expected: readonly OracleRow[],
): string | undefined {
  if (found.length !== expected.length) return `${found.length} rows, expected ${expected.length}`;
  const names = columns.map(({ name }) => name);
  const exact = columns.filter((column) => column.tolerance === undefined);
  let ours: { key: string; row: Row }[];
  try {
    ours = found.map((row) => ({ key: exact.map((column) => canonical(toWire(row[column.name], column.type))).join(), row }));
  } catch (error) {
    return `wrong type: ${(error as Error).message}`;
  }
  const theirs = expected.map((row) => ({ key: exact.map((column) => canonical(expectedOf(column, row))).join(), row }));
  if (found.length > 0) {
    const given = Object.keys(found[0] as Row);
    if (given.join() !== names.join()) return `columns ${given.join()}, expected ${names.join()}`;
  }
  const loose = columns.filter((column) => column.tolerance !== undefined);
  if (!ordered) {
    const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
    // Where exact columns are equal, loose ones decide which rows belong together.
    const byLoose = (row: Row | OracleRow, name: (column: Column) => string) =>
      loose.map((column) => Number(row[name(column)] ?? Number.NaN));
    const compare =
      (name: (column: Column) => string) =>
      (a: { key: string; row: Row | OracleRow }, b: { key: string; row: Row | OracleRow }) => {
        const first = byKey(a, b);
        if (first !== 0 || loose.length === 0) return first;
        const [x, y] = [byLoose(a.row, name), byLoose(b.row, name)];
        for (let i = 0; i < x.length; i++) {
          const [p, q] = [x[i] as number, y[i] as number];
          if (p < q) return -1;
          if (p > q) return 1;
          if (Number.isNaN(p) !== Number.isNaN(q)) return Number.isNaN(p) ? 1 : -1;
        }
        return 0;
      };
    ours.sort(compare((column) => column.name));
    theirs.sort(compare((column) => column.sql));
  }
  for (let i = 0; i < ours.length; i++) {
    const [our, their] = [ours[i] as { key: string; row: Row }, theirs[i] as { key: string; row: OracleRow }];
    const where = ordered ? `row ${i}` : `row ${i} of the sorted rows`;
    if (our.key !== their.key)
      return `${where}: (${our.key}), expected (${their.key}) for (${exact.map(({ name }) => name).join()})`;
    for (const column of loose) {
      const problem = looseDifference(column, our.row, their.row);
      if (problem !== undefined) return `${where}, ${column.name}: ${problem}`;
    }
  }
  return undefined;
}

function expectedOf(column: Column, row: OracleRow): WireValue {
  if (column.quotient === undefined) return row[column.sql] as WireValue;
  const [sum, count] = [row[column.quotient.sum], row[column.quotient.count]];
  if (sum === null || sum === undefined) return null;
  return nearestDouble(sum as bigint, (count as bigint) * 10n ** BigInt(column.quotient.scale));
}

function looseDifference(column: Column, our: Row, their: OracleRow): string | undefined {
  const [found, expected] = [our[column.name], their[column.sql]];
  const bound = their[column.tolerance as string] ?? 0;
  if (found === null || expected === null) return found === expected ? undefined : `${found}, expected ${expected}`;
  if (typeof found !== "number") return `${typeof found}, expected a number`;
  if (Object.is(found, expected) || found === expected) return undefined;
  // The sum of magnitudes overflows: which infinity or number comes out depends on the order.
  if (!Number.isFinite(bound as number)) return undefined;
  const within = Math.abs(found - (expected as number)) <= (bound as number);
  return within ? undefined : `${found}, expected ${expected} within ${bound}`;
}

/** n / d as the nearest double, ties to even. */
export function nearestDouble(n: bigint, d: bigint): number {
  if (n < 0n) return -nearestDouble(-n, d);
  if (n === 0n) return 0;
  // 64 bits and more of quotient, the last one also set where anything remains: Number() then rounds once.
  const shift = Math.max(0, 66 - (n.toString(2).length - d.toString(2).length));
  const scaled = n << BigInt(shift);
  const quotient = scaled / d;
  const sticky = scaled % d === 0n ? 0n : 1n;
  // Number() rounds a bigint to the nearest double, ties to even; the power of two is exact.
  return Number(quotient | sticky) / 2 ** shift;
}
