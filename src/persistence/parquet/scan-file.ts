import type { RecordBatch } from "apache-arrow";
import { recordBatchesOf } from "../../arrow/table.ts";
import { projectEntity } from "../../entity/projection.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { EntityRow } from "../../entity/types.ts";
import type { BoundExpression } from "../../query/bound.ts";
import { RowAccess } from "../../soa/row-access.ts";
import { SoA } from "../../soa/soa.ts";
import type { OperationOptions } from "../backend.ts";
import { parquetEngine } from "./engine/parquet-engine.ts";
import { pipelined } from "./engine/pipelined.ts";
import { ReadMemory } from "./engine/read-memory.ts";
import { noteUnseenMemory } from "./engine/unseen-memory.ts";
import type { RowGroup } from "./format/metadata.ts";
import { guarded, type ParquetFile } from "./parquet-file.ts";
import { mayMatch } from "./read/prune.ts";
import { type ReadLimits, RowGroupReader } from "./read/row-group-reader.ts";

/** Bytes of a decoded row group up to which two are decoded ahead: so workers have work while this thread is busy. */
const SMALL = 32 << 20;

const UNLIMITED: ReadLimits = { decodedBytes: Number.POSITIVE_INFINITY };

export interface FileScan extends OperationOptions {
  /** Whether all that is read is kept. */
  readonly kept?: boolean | undefined;
  /** Names of the fields to read. */
  readonly columns: readonly string[];
  /** Row groups by their number, ascending; all by default. */
  readonly rowGroups?: readonly number[] | undefined;
  /** By default none where Faun's checksums bind: what was written must be read, however well it was compressed. */
  readonly limits?: ReadLimits | undefined;
}

/** The row groups whose statistics do not rule out that the condition holds for a row. O(row groups). */
export function matchingRowGroups(file: ParquetFile, schema: EntitySchema, where: BoundExpression | null): number[] {
  const all = file.footer.metadata.rowGroups.map((_, g) => g);
  if (where === null) return all;
  const access = accessOf(
    schema,
    schema.fields.map(({ name }) => name),
  );
  const { leaves } = new RowGroupReader(access.schema, access.codecs, file.footer, file.place);
  return all.filter((g) => guarded(file.place, () => mayMatch(where, schema, leaves, file.footer, g)));
}

/**
 * The rows of a file as record batches over what was decoded, row group by row group: while one is looked at, the next
 * two are read and decoded, large ones one by one. Holds three row groups at a time, of large ones two.
 * @throws CorruptDataError, IoError, SchemaMismatchError, TypeConversionError, UnsupportedError
 */
export async function* scanFile(file: ParquetFile, schema: EntitySchema, scan: FileScan): AsyncGenerator<RecordBatch> {
  for await (const rows of decodeFile(file, schema, scan)) yield* recordBatchesOf(rows);
}

/** As {@link scanFile}, each row group as a kernel of the wanted fields, without a key. */
export async function* decodeFile(file: ParquetFile, schema: EntitySchema, scan: FileScan): AsyncGenerator<SoA<EntityRow>> {
  const { signal, onProgress, kept = false } = scan;
  signal?.throwIfAborted();
  const { metadata } = file.footer;
  const access = accessOf(schema, scan.columns);
  const limits = scan.limits ?? (file.checksums === null ? {} : UNLIMITED);
  const reader = new RowGroupReader(access.schema, access.codecs, file.footer, file.place, limits);
  const groups = scan.rowGroups ?? metadata.rowGroups.map((_, g) => g);
  const firstRows = firstRowsOf(file);
  const done = { rows: 0, bytes: 0, totalRows: groups.reduce((rows, g) => rows + metadata.rowGroups[g].numRows, 0) };
  const engine = parquetEngine();
  const memory = new ReadMemory((byteLength) => engine.shareable(byteLength));
  // Bytes of columns that are kept, until the collector is told of them: at once, or it would collect again and again.
  let untold = kept ? done.totalRows * reader.fixedWidth : 0;
  const decode = async (group: number) => {
    const tasks = guarded(file.place, () => reader.tasks(group));
    const lent = memory.lend();
    const bytes = await file.readChunks(tasks, lent.of);
    const stored = bytes.reduce((sum, { length }) => sum + length, 0);
    const checksums = file.chunkChecksums(group, tasks);
    if (bytes.every(({ buffer }) => !(buffer instanceof ArrayBuffer))) {
      noteUnseenMemory(untold);
      untold = 0;
    }
    const decoded = await engine.decode(reader, tasks, bytes, { signal, checksums, kept });
    lent.giveBack();
    return { group, stored, decoded };
  };
  const small = groups.every((g) => decodedAbout(metadata.rowGroups[g], scan.columns.length) <= SMALL);
  for await (const { group, stored, decoded } of pipelined(groups, decode, { depth: small ? 3 : 2 })) {
    const rows = new SoA<EntityRow>(access.entity, { access });
    guarded(`${file.place}: row group ${group}`, () =>
      rows.append((appender) => reader.append(appender, group, decoded, firstRows[group])),
    );
    yield rows;
    done.rows += rows.size;
    done.bytes += stored;
    onProgress?.({ ...done });
    signal?.throwIfAborted();
  }
}

/** Bytes of a row group's columns decoded, about, if this many are read: more where text repeats. */
const decodedAbout = ({ numRows, totalByteSize }: RowGroup, columns: number): number =>
  Math.max(totalByteSize, numRows * columns * 8);

function firstRowsOf(file: ParquetFile): number[] {
  let first = 0;
  return file.footer.metadata.rowGroups.map(({ numRows }) => {
    const here = first;
    first += numRows;
    return here;
  });
}

/** Of some fields, without a key: what is read from a file is not indexed. */
export const accessOf = (schema: EntitySchema, columns: Iterable<string>): RowAccess<EntityRow> =>
  new RowAccess(projectEntity(schema, columns, { keyed: false }));
