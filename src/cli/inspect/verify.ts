import { FaunError, UnsupportedError } from "../../errors.ts";
import { crc32 } from "../../persistence/crc32.ts";
import type { ColumnMetaData } from "../../persistence/parquet/format/metadata.ts";
import { type ChunkRange, chunkRange, MAGIC } from "../../persistence/parquet/format/read-footer.ts";
import { guarded, type ParquetFile } from "../../persistence/parquet/parquet-file.ts";
import { findPages } from "../../persistence/parquet/read/pages.ts";
import { problemOf } from "./problem.ts";
import type { Problem, VerificationReport } from "./report.ts";

/** Bytes read at a time of chunks that are under one checksum. */
const SLICE = 4 << 20;

/**
 * Reads every column chunk of a file. Of Faun's the bytes are held against the checksums in the footer, a few MiB at a
 * time; of others' the pages are found by their headers, and held against the checksums that those may have.
 */
export async function verifyData(
  file: ParquetFile,
  onProgress: (done: number, total: number) => void,
): Promise<{ verification: VerificationReport; problems: Problem[] }> {
  const { metadata, leaves } = file.footer;
  const problems: Problem[] = [];
  const total = metadata.rowGroups.reduce(
    (sum, { columns }) => sum + columns.reduce((bytes, chunk) => bytes + (chunkRange(chunk)?.length ?? 0), 0),
    0,
  );
  let columnChunks = 0;
  let bytes = 0;
  let withChecksum = 0;
  const check = async (run: () => Promise<unknown>) => {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof FaunError)) throw error;
      problems.push(problemOf(error));
    }
  };
  await check(() => checkHead(file));
  for (const [g, group] of metadata.rowGroups.entries()) {
    for (const leaf of leaves) {
      const place = `${file.place}: row group ${g}, column ${JSON.stringify(leaf.path.join("."))}`;
      const chunk = group.columns[leaf.index];
      const range = chunkRange(chunk);
      await check(async () => {
        if (range === undefined || chunk.metaData === undefined)
          throw new UnsupportedError(`${place}: its pages are encrypted or in another file`);
        const expected = file.checksums?.[g * leaves.length + leaf.index];
        const sums =
          expected === undefined
            ? await checkPages(file, range, chunk.metaData, place)
            : await checkSum(file, range, expected, place);
        if (sums) withChecksum++;
      });
      columnChunks++;
      bytes += range?.length ?? 0;
      onProgress(bytes, total);
    }
  }
  return { verification: { columnChunks, bytes, withChecksum }, problems };
}

async function checkHead(file: ParquetFile): Promise<void> {
  const head = await file.read(0, 4);
  guarded(file.place, () => {
    if (new DataView(head.buffer).getUint32(0, true) !== MAGIC) throw new Error('it does not begin with "PAR1"');
  });
}

async function checkSum(file: ParquetFile, { offset, length }: ChunkRange, expected: number, place: string): Promise<boolean> {
  let sum = 0;
  for (let at = offset; at < offset + length; at += SLICE) {
    sum = crc32(await file.read(at, Math.min(SLICE, offset + length - at)), sum);
  }
  guarded(place, () => {
    if (sum !== expected)
      throw new Error(`the ${length} bytes from byte ${offset} on do not have the checksum they were written with`);
  });
  return true;
}

/** Whether every page has a checksum. */
async function checkPages(
  file: ParquetFile,
  { offset, length }: ChunkRange,
  chunk: ColumnMetaData,
  place: string,
): Promise<boolean> {
  const bytes = await file.read(offset, length);
  const { dictionary, data } = guarded(place, () => {
    try {
      return findPages(bytes, chunk);
    } catch (cause) {
      throw new Error(cause instanceof Error ? cause.message : String(cause), { cause });
    }
  });
  const pages = dictionary === null ? data : [dictionary, ...data];
  return pages.length > 0 && pages.every(({ header }) => header.crc !== undefined);
}
