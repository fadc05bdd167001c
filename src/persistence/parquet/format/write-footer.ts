import { arrowSchemaText } from "./arrow-schema.ts";
import { chunkChecksumMetadata, signFooter, unsignedFooterMetadata } from "./checksums.ts";
import type { FileSchema } from "./file-schema.ts";
import { ARROW_SCHEMA_KEY, CREATED_BY, ENTITY_KEY, SCHEMA_KEY, storedSchemaText } from "./footer-metadata.ts";
import type { KeyValue, RowGroup } from "./metadata.ts";
import { fileMetaData } from "./metadata-shapes.ts";
import { MAGIC, TAIL_BYTES } from "./read-footer.ts";
import { ThriftWriter } from "./thrift-writer.ts";

/** The first bytes of a file. */
export const HEAD: Uint8Array = Uint8Array.of(0x50, 0x41, 0x52, 0x31);

export interface FooterParts {
  /** With offsets from the start of the file. */
  readonly rowGroups: readonly RowGroup[];
  /** CRC-32 of every column chunk, one row group after the other. */
  readonly checksums: Iterable<number>;
  /** Metadata besides that of the schema and the checksums, with keys of their own. */
  readonly keyValueMetadata?: readonly KeyValue[];
}

/** The footer with its checksum, its length and the magic: the last bytes of a file. O(column chunks). */
export function writeFooter(file: FileSchema, { rowGroups, checksums, keyValueMetadata = [] }: FooterParts): Uint8Array {
  const writer = new ThriftWriter(1024 + rowGroups.length * file.columns.length * 160);
  writer.struct(fileMetaData, {
    version: 2,
    schema: file.elements,
    numRows: rowGroups.reduce((rows, group) => rows + group.numRows, 0),
    rowGroups,
    keyValueMetadata: [
      { key: ARROW_SCHEMA_KEY, value: arrowSchemaText(file.schema) },
      { key: ENTITY_KEY, value: file.schema.name },
      { key: SCHEMA_KEY, value: storedSchemaText(file.schema) },
      ...keyValueMetadata,
      chunkChecksumMetadata(checksums),
      unsignedFooterMetadata,
    ],
    createdBy: CREATED_BY,
    columnOrders: file.columns.map(() => ({ typeOrder: {} })),
  });
  const footer = writer.bytes;
  signFooter(footer);
  const tailed = new Uint8Array(footer.length + TAIL_BYTES);
  tailed.set(footer);
  const view = new DataView(tailed.buffer);
  view.setUint32(footer.length, footer.length, true);
  view.setUint32(footer.length + 4, MAGIC, true);
  return tailed;
}
