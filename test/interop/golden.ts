// Reads with Faun what PyArrow read of files of other projects: node golden.mjs FOLDER RESULT.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binary, date, decimal, Entity, type EntityClass, type EntityRow, FaunError, i64, Store, timestamp, utf8 } from "faun";
import { ParquetPersistence } from "faun/parquet";
import { KINDS, type Kind } from "./kinds.ts";
import type { GoldenFile } from "./results.ts";

interface Told {
  readonly source: string;
  readonly name: string;
  readonly path: string;
  readonly format?: "parquet" | "file";
  readonly rows?: number;
  readonly columns?: readonly ToldColumn[];
  /** PyArrow cannot read the file. */
  readonly error?: string;
}

interface ToldColumn {
  readonly name: string;
  readonly type: string;
  /** null or absent: no field has such values. */
  readonly field?: { kind: string; unit?: "s" | "ms" | "us" | "ns"; precision?: number; scale?: number } | null;
  readonly texts?: readonly (string | null)[];
  /** PyArrow cannot read the column. */
  readonly error?: string;
}

type Outcome = { readonly values: number; readonly mismatch?: string; readonly refused?: string; readonly message?: string };

const [folder, out] = process.argv.slice(2) as [string, string];

const NANOS = { s: 1_000_000_000n, ms: 1_000_000n, us: 1_000n, ns: 1n };
const asIs: Pick<Kind<string>, "format"> = { format: (text) => text };

function kindOf({ field }: ToldColumn): { field: () => unknown; format: (value: never) => string } {
  if (field?.kind === "timestamp") {
    const unit = field.unit!;
    return { field: () => timestamp(unit, { mode: "bigint" }), format: (ticks: bigint) => String(ticks * NANOS[unit]) };
  }
  if (field?.kind === "decimal") return { ...asIs, field: () => decimal(field.precision!, field.scale!) };
  return field ? (KINDS[field.kind] as never) : { ...asIs, field: utf8 };
}

async function load(file: Told, column: string, field: unknown): Promise<unknown[]> {
  const declared = (field as { nullable(): { column(name: string): ReturnType<typeof utf8> } }).nullable().column(column);
  class Seen extends Entity("seen", { value: declared }) {}
  const entity = Seen as unknown as EntityClass<EntityRow>;
  const path = join(folder, file.path);
  const rows =
    file.format === "file"
      ? Store.fromArrow(entity, readFileSync(path))
      : (await ParquetPersistence.attach(entity, path).load()).rows();
  return Array.from(rows, (row) => (row.toObject() as { value: unknown }).value);
}

/** Runs `read`; what is no typed error is thrown on: nothing may crash. */
async function refusable(read: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof FaunError)) throw error;
    return { values: 0, refused: error.name, message: error.message.replaceAll(`${folder}/`, "") };
  }
}

async function compare(file: Told, column: ToldColumn): Promise<Outcome> {
  // Of a type that no field has, whatever is declared must be refused.
  if (!column.field) {
    for (const field of [i64(), binary(), date()]) {
      const { refused } = await refusable(async () => ({ values: (await load(file, column.name, field)).length }));
      if (refused === undefined && (file.rows ?? 0) > 0)
        return { values: 0, mismatch: `${column.name}: ${column.type} was read` };
    }
  }
  const { field, format } = kindOf(column);
  const outcome = await refusable(() => values(file, column, field(), format));
  // PyArrow takes what is annotated as ENUM for bytes; Faun for text.
  if (outcome.refused !== "TypeConversionError" || column.field?.kind !== "binary") return outcome;
  const asText = await refusable(() => values(file, column, utf8(), (text: string) => Buffer.from(text).toString("hex")));
  return asText.refused === undefined ? asText : outcome;
}

async function values(file: Told, column: ToldColumn, field: unknown, format: (value: never) => string): Promise<Outcome> {
  const values = await load(file, column.name, field);
  const { texts } = column;
  if (texts === undefined) return { values: 0 };
  if (values.length !== texts.length)
    return { values: 0, mismatch: `${column.name}: ${values.length} rows, expected ${texts.length}` };
  for (const [i, value] of values.entries()) {
    const text = value === null ? null : format(value as never);
    if (text !== texts[i]) return { values: 0, mismatch: `${column.name}, row ${i}: ${text}, expected ${texts[i]}` };
  }
  return { values: values.length };
}

/** A file that PyArrow refuses: Faun may read it, or refuse it too. */
async function refusedByPyArrow(file: Told): Promise<GoldenFile> {
  const { refused } = await refusable(async () => ({ values: (await load(file, "none", utf8())).length }));
  const { source, name } = file;
  return {
    source,
    name,
    rows: 0,
    same: 0,
    values: 0,
    refused: refused === undefined ? {} : { [refused]: 1 },
    short: [],
    mismatches: [],
    beyond: refused === undefined ? 1 : 0,
  };
}

async function look(file: Told): Promise<GoldenFile> {
  if (file.columns === undefined) return refusedByPyArrow(file);
  const refused: Record<string, number> = {};
  const mismatches: string[] = [];
  const short: string[] = [];
  let [same, values, beyond] = [0, 0, 0];
  for (const column of file.columns) {
    const outcome = await compare(file, column);
    values += outcome.values;
    if (outcome.mismatch !== undefined) mismatches.push(outcome.mismatch);
    else if (outcome.refused !== undefined) refused[outcome.refused] = (refused[outcome.refused] ?? 0) + 1;
    else if (column.texts === undefined) beyond++;
    else same++;
    // A field has the type and PyArrow the values: why not Faun?
    if (outcome.refused !== undefined && column.texts !== undefined) short.push(`${column.name}: ${outcome.message}`);
  }
  const { source, name, rows = 0 } = file;
  return { source, name, rows, same, values, refused, short, mismatches, beyond };
}

const files: GoldenFile[] = [];
for (const file of JSON.parse(readFileSync(join(folder, "golden.json"), "utf8")) as Told[]) {
  try {
    files.push(await look(file));
  } catch (error) {
    throw new Error(`${file.source}, ${file.name}: ${String(error)}`, { cause: error });
  }
}
writeFileSync(out, JSON.stringify(files));
