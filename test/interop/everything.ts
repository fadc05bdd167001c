import { Entity, type EntityClass, type EntityRow, u32 } from "faun";
import { KINDS, type Kind } from "./kinds.ts";
import { seeded } from "./random.ts";

export interface ComparedColumn {
  /** Of the column in files. */
  readonly name: string;
  readonly field: string;
  readonly kind: string;
  readonly nullable: boolean;
}

/** A row as exact text, by column name; null is null. */
export type TextRow = Readonly<Record<string, string | null>>;

/** Each kind twice: required and nullable. */
export const COLUMNS: readonly ComparedColumn[] = Object.keys(KINDS).flatMap((kind) => [
  { name: `r_${kind}`, field: `r_${kind}`, kind, nullable: false },
  { name: `n_${kind}`, field: `n_${kind}`, kind, nullable: true },
]);

type AnyField = { nullable(): AnyField; column(name: string): AnyField };

/** An entity of some of the columns, behind the key `id`. */
export function everything(columns: readonly ComparedColumn[] = COLUMNS): EntityClass<EntityRow> {
  const fields: Record<string, unknown> = { id: u32().key() };
  for (const { name, field, kind, nullable } of columns) {
    const declared = (kindOf(kind).field() as AnyField).column(name);
    fields[field] = nullable ? declared.nullable() : declared;
  }
  return class Everything extends Entity(
    "everything",
    fields as { id: ReturnType<typeof u32> },
  ) {} as unknown as EntityClass<EntityRow>;
}

export function kindOf(name: string): Kind {
  const kind = KINDS[name];
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
}

/** The rows that are compared: each column's edges first, each in its own order, then random values; every seventh is null. */
export function textRows(count: number): TextRow[] {
  const random = seeded(20_261_121);
  return Array.from({ length: count }, (_, i) => {
    const row: Record<string, string | null> = { id: String(i) };
    for (const [c, { name, kind, nullable }] of COLUMNS.entries()) {
      const { edges, random: any } = kindOf(kind);
      const value = i < edges.length ? edges[i]! : random() < 0.05 ? edges[Math.floor(random() * edges.length)]! : any(random);
      row[name] = nullable && (i + c) % 7 === 3 ? null : value;
    }
    return row;
  });
}

/** A row as Faun takes it. */
export function valuesOf(row: TextRow, columns: readonly ComparedColumn[] = COLUMNS): Record<string, unknown> {
  const values: Record<string, unknown> = { id: Number(row.id) };
  for (const { name, field, kind } of columns) {
    const text = row[name];
    values[field] = text === null || text === undefined ? null : kindOf(kind).parse(text);
  }
  return values;
}

/** A row as Faun gave it, as text. */
export function textOf(values: Readonly<Record<string, unknown>>, columns: readonly ComparedColumn[] = COLUMNS): TextRow {
  const row: Record<string, string | null> = { id: String(values.id) };
  for (const { name, field, kind } of columns) {
    const value = values[field];
    row[name] = value === null || value === undefined ? null : kindOf(kind).format(value);
  }
  return row;
}
