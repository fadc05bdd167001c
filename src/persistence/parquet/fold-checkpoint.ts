import type { RecordBatch } from "apache-arrow";
import type { EntitySchema } from "../../entity/schema.ts";
import type { OverlayView } from "../overlay/overlay-view.ts";
import type { ParquetCheckpoint } from "./parquet-checkpoint.ts";
import type { ParquetFile } from "./parquet-file.ts";
import { scanFile } from "./scan-file.ts";
import { sameColumns } from "./stored-schema.ts";
import type { Piece } from "./write-checkpoint.ts";

/** Whether row groups of a file can stand in a file that is written now: its columns are stored the same way. */
function sameStorage(file: ParquetFile, schema: EntitySchema): boolean {
  return file.checksums !== null && sameColumns(file.footer.metadata.schema, schema, true);
}

/**
 * What a file is to be made of so that it has the rows of a checkpoint as an overlay changes them. Row groups that are
 * not touched stay as they are; of the last, which rows are added behind, only a full one does.
 * @param size rows of a full row group
 */
export async function* foldedPieces(checkpoint: ParquetCheckpoint, view: OverlayView, size: number): AsyncGenerator<Piece> {
  const { file, schema } = checkpoint;
  const fields = schema.fields.map(({ name }) => name);
  if (file === null || view.cleared) {
    yield { batches: view.over([], fields) };
    return;
  }
  const { rowGroups } = file.footer.metadata;
  const keep = sameStorage(file, schema);
  const touched = await touchedRowGroups(file, schema, view);
  const last = rowGroups.length - 1;
  const merges = (g: number) => g === last && view.appended.size > 0 && rowGroups[g].numRows < size;
  let rewritten: number[] = [];
  for (let g = 0; g <= last; g++) {
    if (!keep || touched.has(g) || merges(g)) {
      rewritten.push(g);
      continue;
    }
    if (rewritten.length > 0) yield { batches: below(file, schema, rewritten, view) };
    rewritten = [];
    yield { file, rowGroup: g };
  }
  yield { batches: view.over(scanFile(file, schema, { columns: fields, rowGroups: rewritten }), fields) };
}

async function* below(
  file: ParquetFile,
  schema: EntitySchema,
  rowGroups: readonly number[],
  view: OverlayView,
): AsyncGenerator<RecordBatch> {
  const columns = schema.fields.map(({ name }) => name);
  for await (const batch of scanFile(file, schema, { columns, rowGroups })) yield* view.merged(batch, columns);
}

/** The row groups that have rows which are changed or deleted. Reads the key's column. */
async function touchedRowGroups(file: ParquetFile, schema: EntitySchema, view: OverlayView): Promise<Set<number>> {
  const touched = new Set<number>();
  if (!view.touchesBelow || schema.key === null) return touched;
  for (let g = 0; g < file.footer.metadata.rowGroups.length; g++) {
    for await (const batch of scanFile(file, schema, { columns: [schema.key.name], rowGroups: [g] })) {
      if (view.touchedIn(batch).length > 0) touched.add(g);
    }
  }
  return touched;
}
