import type { CheckpointFacts } from "../../persistence/log/checkpoint.ts";
import { factsOf } from "../../persistence/parquet/checkpoint-facts.ts";
import { ENTITY_KEY, type StoredField, type StoredSchema } from "../../persistence/parquet/format/footer-metadata.ts";
import { type ColumnMetaData, CompressionCodec, Encoding, PageType } from "../../persistence/parquet/format/metadata.ts";
import type { Leaf } from "../../persistence/parquet/format/schema-tree.ts";
import type { ParquetFile } from "../../persistence/parquet/parquet-file.ts";
import { storedSchemaOf } from "../../persistence/parquet/stored-schema.ts";
import { describeElement, describeStored, fieldTypeOf, nearestFieldType } from "./column-type.ts";
import { extremesOf } from "./extremes.ts";
import type { ColumnReport, CommitReport, DataReport, WriterReport } from "./report.ts";

/** What Faun noted in a footer besides Parquet's own. */
export interface Noted {
  readonly schema: StoredSchema;
  /** Null in files that are no checkpoint. */
  readonly facts: CheckpointFacts | null;
}

/** Null for files of others. @throws CorruptDataError */
export function notedIn({ footer, place }: ParquetFile): Noted | null {
  const { metadata, checked } = footer;
  if (!checked) return null;
  const isCheckpoint = metadata.keyValueMetadata?.some(({ key }) => key === "faun.seq") === true;
  return { schema: storedSchemaOf(metadata, place), facts: isCheckpoint ? factsOf(metadata, place, "local") : null };
}

/** The entity that a file says its rows are of. Files of others may have kept the metadata of one of Faun's. */
export const entityIn = ({ footer }: ParquetFile): string | null =>
  footer.metadata.keyValueMetadata?.find(({ key }) => key === ENTITY_KEY)?.value ?? null;

/** Out of the footer alone. O(row groups x columns). */
export function dataReport(file: ParquetFile, name: string, noted: Noted | null): DataReport {
  const { metadata, leaves, checked, byteLength } = file.footer;
  return {
    file: name,
    bytes: file.size,
    writer: metadata.createdBy ?? null,
    checked,
    rows: metadata.numRows,
    footerBytes: byteLength,
    lastCommit: lastCommitOf(noted?.facts ?? null),
    writers: writersOf(noted?.facts ?? null),
    rowGroups: metadata.rowGroups.map(({ numRows, columns }) => {
      const chunks = columns.flatMap(({ metaData }) => metaData ?? []);
      return { rows: numRows, storedBytes: sum(chunks, stored), rawBytes: sum(chunks, raw) };
    }),
    columns: leaves.map((leaf) => columnReport(file, leaf, noted?.schema.fields[leaf.index] ?? null)),
  };
}

function lastCommitOf(facts: CheckpointFacts | null): CommitReport | null {
  if (facts === null || facts.seq === 0n) return null;
  const last = facts.commits.last(1).at(0);
  return { seq: String(facts.seq), rows: last === undefined ? null : Number(last.rows), at: last?.at.toISOString() ?? null };
}

function writersOf(facts: CheckpointFacts | null): WriterReport[] {
  return Array.from(facts?.writers ?? [], ([writer, { seq, commit }]) => {
    return { writer, seq: String(seq), commit: commit.version, at: commit.at.toISOString() };
  });
}

function columnReport({ footer }: ParquetFile, leaf: Leaf, field: StoredField | null): ColumnReport {
  const chunks = footer.metadata.rowGroups.flatMap(({ columns }) => columns[leaf.index].metaData ?? []);
  const type = field === null ? nearestFieldType(leaf.element) : fieldTypeOf(field.type);
  const nulls = chunks.map(({ statistics }) => (leaf.maxDefinition === 0 ? 0 : statistics?.nullCount));
  return {
    column: leaf.path.join("."),
    field: field?.name ?? null,
    type: field === null ? describeElement(leaf.element) : describeStored(field),
    nullable: leaf.maxDefinition > 0,
    key: field?.key ?? false,
    encodings: distinct(chunks.flatMap(encodingsOf)),
    codecs: distinct(chunks.map(({ codec }) => nameIn(CompressionCodec, codec))),
    storedBytes: sum(chunks, stored),
    rawBytes: sum(chunks, raw),
    nulls: nulls.includes(undefined) ? null : sum(nulls as number[], (count) => count),
    ...extremesOf(footer, leaf, type),
  };
}

const stored = ({ totalCompressedSize }: ColumnMetaData): number => totalCompressedSize;
const raw = ({ totalUncompressedSize }: ColumnMetaData): number => totalUncompressedSize;

/** Those of the values; where the file does not tell pages apart, those of levels and dictionaries as well. */
function encodingsOf({ encodingStats, encodings }: ColumnMetaData): string[] {
  const pages = encodingStats?.filter(({ pageType }) => pageType === PageType.DATA_PAGE || pageType === PageType.DATA_PAGE_V2);
  const named = pages === undefined || pages.length === 0 ? encodings : pages.map(({ encoding }) => encoding);
  return named.map((encoding) => nameIn(Encoding, encoding));
}

const nameIn = (names: Readonly<Record<string, number>>, value: number): string =>
  Object.entries(names).find(([, known]) => known === value)?.[0] ?? String(value);

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)];

const sum = <T>(of: readonly T[], value: (item: T) => number): number => of.reduce((total, item) => total + value(item), 0);
