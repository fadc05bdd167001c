import type { RecordBatch } from "apache-arrow";
import type { EntitySchema } from "../../entity/schema.ts";
import type { CheckpointFacts } from "../log/checkpoint.ts";
import { replaceFile } from "../storage/atomic-replace.ts";
import type { FileWriter, Storage } from "../storage/storage.ts";
import { factsMetadata } from "./checkpoint-facts.ts";
import { parquetEngine } from "./engine/parquet-engine.ts";
import { pipelined } from "./engine/pipelined.ts";
import { fileSchemaOf } from "./format/file-schema.ts";
import type { RowGroup } from "./format/metadata.ts";
import { HEAD, writeFooter } from "./format/write-footer.ts";
import { gatherRows } from "./gather-rows.ts";
import type { ParquetFile } from "./parquet-file.ts";
import type { WriteSettings } from "./write/options.ts";
import { type EncodedRowGroup, shiftRowGroup } from "./write/row-group.ts";
import { type RowGroupRows, rowGroupsOf } from "./write/row-runs.ts";

/** A row group of another file. */
interface Stored {
  readonly file: ParquetFile;
  readonly rowGroup: number;
}

/** What a new file is made of, in order: row groups of the old one as they are, and rows to be encoded. */
export type Piece = Stored | { readonly batches: AsyncIterable<RecordBatch> | Iterable<RecordBatch> };

export interface WriteCheckpointOptions {
  /** Asked once the rows are written. */
  readonly facts: (rows: number) => CheckpointFacts;
  readonly settings: WriteSettings;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes copied from file to file at a time. */
const COPY_BYTES = 1 << 20;

/**
 * Writes a checkpoint in place of the one there is, at once. The batches of a piece share row groups, to their full
 * size; row groups of the old file are copied byte for byte, with their checksums: those at its beginning by the storage
 * itself, where it can. Holds three row groups. O(bytes of the new file).
 * @throws IoError with its `outcome`; what a source of pieces throws
 */
export async function writeCheckpoint(
  storage: Storage,
  name: string,
  schema: EntitySchema,
  pieces: AsyncIterable<Piece> | Iterable<Piece>,
  { facts, settings, signal }: WriteCheckpointOptions,
): Promise<void> {
  const fileSchema = fileSchemaOf(schema);
  const engine = parquetEngine();
  const encode = async (group: Stored | RowGroupRows): Promise<Stored | EncodedRowGroup> =>
    "rowGroup" in group ? group : engine.encode(fileSchema, group, settings, { signal });
  const { beginning, all } = await beginningOf(pieces);
  const groups = pipelined(rowGroupsIn(all, schema, settings.rowGroupSize), encode, { free: (group) => "rowGroup" in group });
  // While old row groups are copied, the first new ones are encoded.
  const first = groups.next();
  first.catch(() => {});
  const write = async (writer: FileWriter) => {
    const rowGroups: RowGroup[] = [];
    const checksums: number[] = [];
    const begun = writer.position;
    if (begun === 0) await writer.write(HEAD);
    for (let next = await first; next.done !== true; next = await groups.next()) {
      signal?.throwIfAborted();
      const group = next.value;
      if ("rowGroup" in group) {
        const { file, rowGroup } = group;
        const metadata = file.footer.metadata.rowGroups[rowGroup];
        const range = rangeOf(metadata);
        const there = range.to <= begun;
        rowGroups.push(shiftRowGroup(metadata, there ? 0 : writer.position - range.from, rowGroups.length));
        const columns = file.footer.leaves.length;
        checksums.push(...(file.checksums as Uint32Array).subarray(rowGroup * columns, (rowGroup + 1) * columns));
        if (there) continue;
        for await (const bytes of copied(file, range)) {
          signal?.throwIfAborted();
          await writer.write(bytes);
        }
        continue;
      }
      rowGroups.push(shiftRowGroup(group.metadata, writer.position, rowGroups.length));
      checksums.push(...group.checksums);
      for (const part of group.parts) await writer.write(part);
    }
    const rows = rowGroups.reduce((sum, { numRows }) => sum + numRows, 0);
    const keyValueMetadata = [...factsMetadata(facts(rows)), ...settings.keyValueMetadata];
    await writer.write(writeFooter(fileSchema, { rowGroups, checksums, keyValueMetadata }));
  };
  const begin = async (temporary: string): Promise<FileWriter | null> =>
    beginning === null ? null : ((await storage.createFrom?.(temporary, beginning.file.stored, beginning.length)) ?? null);
  try {
    await replaceFile(storage, name, write, { begin, beforeRename: () => signal?.throwIfAborted() });
  } finally {
    await groups.return();
  }
}

/** The first bytes of a file that the new one has as they are, if they are most of its pages. */
async function beginningOf(pieces: AsyncIterable<Piece> | Iterable<Piece>): Promise<{
  readonly beginning: { readonly file: ParquetFile; readonly length: number } | null;
  /** The pieces again. */
  readonly all: AsyncGenerator<Piece>;
}> {
  const source = each(pieces);
  const taken: Piece[] = [];
  let file: ParquetFile | null = null;
  let length = HEAD.length;
  for (let next = await source.next(); next.done !== true; next = await source.next()) {
    const piece = next.value;
    taken.push(piece);
    if (!("rowGroup" in piece) || piece.file !== (file ?? piece.file)) break;
    const { from, to } = rangeOf(piece.file.footer.metadata.rowGroups[piece.rowGroup]);
    if (from !== length) break;
    file = piece.file;
    length = to;
  }
  const all = (async function* () {
    yield* taken;
    yield* source;
  })();
  const pages = file === null ? 0 : file.size - file.footer.byteLength;
  return { beginning: file !== null && 2 * length >= pages ? { file, length } : null, all };
}

async function* each(pieces: AsyncIterable<Piece> | Iterable<Piece>): AsyncGenerator<Piece> {
  yield* pieces;
}

/** The bytes of a range, piece by piece, each valid until the next one is asked for: while one is written, the next is read. */
async function* copied(file: ParquetFile, { from, to }: { from: number; to: number }): AsyncGenerator<Uint8Array> {
  const starts = Array.from({ length: Math.ceil((to - from) / COPY_BYTES) }, (_, i) => from + i * COPY_BYTES);
  const buffers = [new Uint8Array(COPY_BYTES), new Uint8Array(COPY_BYTES)];
  let next = 0;
  yield* pipelined(starts, (start) => file.read(start, Math.min(COPY_BYTES, to - start), buffers[next++ & 1]));
}

/** The row groups that the pieces make, in order. */
async function* rowGroupsIn(
  pieces: AsyncIterable<Piece> | Iterable<Piece>,
  schema: EntitySchema,
  size: number,
): AsyncGenerator<Stored | RowGroupRows> {
  for await (const piece of pieces) {
    if ("rowGroup" in piece) yield piece;
    else for await (const rows of gatherRows(schema, piece.batches, size)) yield* rowGroupsOf(rows, size);
  }
}

/** Where a row group's pages lie. Those that Faun wrote lie together. */
export function rangeOf(group: RowGroup): { from: number; to: number } {
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const { metaData } of group.columns) {
    if (metaData === undefined) continue;
    const { dataPageOffset, dictionaryPageOffset, totalCompressedSize } = metaData;
    const start = dictionaryPageOffset === undefined ? dataPageOffset : Math.min(dictionaryPageOffset, dataPageOffset);
    from = Math.min(from, start);
    to = Math.max(to, start + totalCompressedSize);
  }
  return { from, to };
}
