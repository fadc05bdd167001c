import type { EntityClass, EntityRow } from "../../../src/entity/types.ts";
import type { PageCodec, PageCodecName } from "../../../src/persistence/parquet/codecs/codec.ts";
import { loadCodec } from "../../../src/persistence/parquet/codecs/load-codec.ts";
import { footerLength, readFooter, TAIL_BYTES } from "../../../src/persistence/parquet/format/read-footer.ts";
import { type ReadLimits, RowGroupReader } from "../../../src/persistence/parquet/read/row-group-reader.ts";
import { SoA } from "../../../src/soa/soa.ts";
import { Store } from "../../../src/store/store.ts";

export const footerOf = (file: Uint8Array, place = "file") => {
  const length = footerLength(file.subarray(-TAIL_BYTES), file.length, place);
  return readFooter(file.subarray(file.length - TAIL_BYTES - length, file.length - TAIL_BYTES), file.length, place);
};

/** All rows of a file in memory, as a backend would read them. */
export async function readFile<T extends EntityRow>(
  entity: EntityClass<T>,
  file: Uint8Array,
  limits?: ReadLimits,
): Promise<Store<T>> {
  const soa = new SoA<T>(entity);
  const footer = footerOf(file);
  const reader = new RowGroupReader(soa.schema, soa.codecs, footer, "file", limits);
  const groups = footer.metadata.rowGroups.map((_, g) => reader.tasks(g));
  const codecs = new Map<PageCodecName, PageCodec>();
  for (const { codec } of groups.flat()) if (!codecs.has(codec)) codecs.set(codec, await loadCodec(codec));
  soa.append((appender) => {
    let firstRow = 0;
    groups.forEach((tasks, g) => {
      const bytes = tasks.map(({ range }) => file.subarray(range.offset, range.offset + range.length));
      reader.append(appender, g, reader.decode(tasks, bytes, codecs), firstRow);
      firstRow += footer.metadata.rowGroups[g]!.numRows;
    });
  });
  return Store.over(soa);
}
