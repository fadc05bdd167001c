import type { RecordBatch } from "apache-arrow";
import type { EntitySchema } from "../../entity/schema.ts";
import type { BoundExpression } from "../../query/bound.ts";
import { describe } from "../../query/engine/describe.ts";
import type { OperationOptions, ScanOptions } from "../backend.ts";
import type { KeyId } from "../key-id.ts";
import type { Checkpoint, CheckpointFacts } from "../log/checkpoint.ts";
import { fieldIndices } from "../scan-needs.ts";
import { findKeys } from "./find-keys.ts";
import type { ParquetFile } from "./parquet-file.ts";
import { type ParquetStats, statsOf } from "./parquet-stats.ts";
import type { ReadLimits } from "./read/row-group-reader.ts";
import { matchingRowGroups, scanFile } from "./scan-file.ts";

/** The rows of an entity as a file has them. It holds the file open, not its rows. Without a file: no rows. */
export class ParquetCheckpoint implements Checkpoint {
  readonly facts: CheckpointFacts;
  readonly schema: EntitySchema;
  readonly file: ParquetFile | null;
  readonly #limits: ReadLimits | undefined;

  constructor(schema: EntitySchema, file: ParquetFile | null, facts: CheckpointFacts, limits?: ReadLimits) {
    this.schema = schema;
    this.file = file;
    this.facts = facts;
    this.#limits = limits;
  }

  get rows(): number {
    return this.file?.footer.metadata.numRows ?? 0;
  }

  get bytes(): number {
    return this.file?.size ?? 0;
  }

  retain(): this {
    this.file?.retain();
    return this;
  }

  async release(): Promise<void> {
    await this.file?.release();
  }

  /** Row group by row group; those that cannot have a row for which `where` holds are not read. */
  async *scan({ columns, where, ...options }: ScanOptions): AsyncGenerator<RecordBatch> {
    const { file, schema } = this;
    options.signal?.throwIfAborted();
    const indices = fieldIndices(schema, columns ?? schema.fields.map(({ name }) => name));
    if (file === null) return;
    const rowGroups = matchingRowGroups(file, schema, where ?? null);
    const names = indices.map((index) => schema.fields[index].name);
    yield* scanFile(file, schema, { ...options, columns: names, rowGroups, limits: this.#limits });
  }

  async findKeys(keys: readonly unknown[], options: OperationOptions = {}): Promise<ReadonlySet<KeyId>> {
    return this.file === null ? new Set() : findKeys(this.file, this.schema, keys, options);
  }

  stats(): ParquetStats {
    return statsOf(this.file, this.schema);
  }

  /** Which row groups and columns would be read. Looks at statistics only. */
  explain(columns: readonly string[], where: BoundExpression | null): string {
    const { file, schema } = this;
    if (file === null) return `${schema.name}: nothing is stored`;
    const all = file.footer.metadata.rowGroups;
    const read = matchingRowGroups(file, schema, where);
    const rows = read.reduce((sum, g) => sum + all[g].numRows, 0);
    const wanted = new Set(columns.map((name) => schema.field(name).column));
    const leaves = file.footer.leaves.filter(({ path }) => path.length === 1 && wanted.has(path[0]));
    const bytes = read.reduce(
      (sum, g) => sum + leaves.reduce((own, { index }) => own + (all[g].columns[index].metaData?.totalCompressedSize ?? 0), 0),
      0,
    );
    return [
      `${schema.name}: ${count(this.rows, "row")} in ${count(all.length, "row group")} of ${file.place}`,
      ...(where === null
        ? []
        : [`where ${describe(where)}: statistics rule out ${all.length - read.length} of ${count(all.length, "row group")}`]),
      `read ${count(read.length, "row group")}, ${count(rows, "row")}, ${count(bytes, "byte")} of the file's ${count(file.size, "byte")}`,
      `columns read: ${columns.join(", ")}`,
    ].join("\n");
  }
}

const count = (n: number, what: string): string => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;
