// Reads with Faun what a tool wrote: node read-files.mjs FOLDER TOOL RESULT.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decompress, init } from "@bokuweb/zstd-wasm";
import { CompressionType, compressionRegistry } from "apache-arrow";
import { type EntityClass, type EntityRow, FaunError, Store } from "faun";
import { ParquetPersistence } from "faun/parquet";
import { COLUMNS, type ComparedColumn, everything, type TextRow, textOf } from "./everything.ts";
import type { Wrote } from "./results.ts";

interface Written {
  readonly setting: string;
  readonly format: "parquet" | "file" | "stream";
  readonly path: string;
  /** The tool takes NaN for null. */
  readonly nanIsNull?: boolean;
  /** Names, or kinds, of columns that the tool did not write. */
  readonly without?: readonly string[];
  /** Part of the error that Faun is known to refuse it with. */
  readonly refused?: string;
  /** Read with a codec for zstd in apache-arrow's registry. */
  readonly withZstd?: boolean;
}

const [folder, tool, out] = process.argv.slice(2) as [string, string, string];
const rows = readFileSync(join(folder, "rows.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as TextRow);

/** What a file of this tool holds: the columns, and rows as text. */
function expected(written: Written): { columns: ComparedColumn[]; rows: TextRow[] } {
  const there = COLUMNS.filter(({ name, kind }) => !written.without?.includes(name) && !written.without?.includes(kind));
  if (written.nanIsNull !== true) return { columns: there, rows };
  const floats = new Set(there.filter(({ kind }) => kind === "f32" || kind === "f64").map(({ name }) => name));
  return {
    columns: there.map((column) => (floats.has(column.name) ? { ...column, nullable: true } : column)),
    rows: rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, text]) => [name, floats.has(name) && text === "nan" ? null : text])),
    ),
  };
}

async function read(entity: EntityClass<EntityRow>, { format, path }: Written): Promise<Iterable<EntityRow>> {
  if (format === "parquet") return (await ParquetPersistence.attach(entity, join(folder, path)).load()).rows();
  return Store.fromArrow(entity, readFileSync(join(folder, path)));
}

async function compare(written: Written): Promise<Wrote> {
  const { setting, format } = written;
  const { columns, rows } = expected(written);
  const notes: string[] = [];
  let values = 0;
  let mismatches = 0;
  const mismatch = (note: string): void => {
    if (mismatches++ < 10) notes.push(`${setting}: ${note}`);
  };
  if (written.withZstd === true) {
    // Its module is one a process: a second start, here and in Faun, would put another in its place.
    await init();
    compressionRegistry.set(CompressionType.ZSTD, { decode: decompress });
  }
  try {
    let i = 0;
    for (const row of await read(everything(columns), written)) {
      const should = rows[i];
      const is = textOf(row.toObject() as Record<string, unknown>, columns);
      for (const { name } of columns) {
        values++;
        if (is[name] !== should?.[name]) mismatch(`row ${i}, ${name}: ${is[name]}, expected ${should?.[name]}`);
      }
      i++;
    }
    if (i !== rows.length) mismatch(`${i} rows, expected ${rows.length}`);
    if (written.refused !== undefined) mismatch(`was read; it was known to be refused (${written.refused})`);
  } catch (error) {
    if (!(error instanceof FaunError)) throw error;
    if (written.refused === undefined || !error.message.includes(written.refused)) mismatch(`${error.name}: ${error.message}`);
    else return { setting, format, values: 1, mismatches: 0, refused: `${error.name}: ${error.message}`, notes };
  } finally {
    compressionRegistry.set(CompressionType.ZSTD, {});
  }
  return { setting, format, values, mismatches, notes };
}

const results: Wrote[] = [];
const files = JSON.parse(readFileSync(join(folder, `${tool}.writes.json`), "utf8")) as Written[];
for (const written of files.sort((a, b) => Number(a.withZstd ?? false) - Number(b.withZstd ?? false)))
  results.push(await compare(written));
writeFileSync(out, JSON.stringify(results));
