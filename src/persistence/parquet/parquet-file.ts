import { equalBytes } from "../../columns/utf8.ts";
import { CorruptDataError, FaunError } from "../../errors.ts";
import type { Storage, StoredFile } from "../storage/storage.ts";
import { chunkChecksums } from "./format/checksums.ts";
import { type Footer, footerLength, readFooter, TAIL_BYTES } from "./format/read-footer.ts";
import type { ChunkTask } from "./read/row-group-reader.ts";

/** Bytes of the end of a file that are read first: of most files that is the whole footer. */
const FIRST_READ = 65_536;
/** Ranges of a row group that are further apart than this are read one by one. */
const WORTH_SKIPPING = 262_144;

/** A Parquet file that is open: one version of it, whatever is stored under its name meanwhile. */
export class ParquetFile {
  /** Begins the messages of errors. */
  readonly place: string;
  readonly footer: Footer;
  /** CRC-32 of every column chunk, where Faun wrote the file. */
  readonly checksums: Uint32Array | null;
  readonly #stored: StoredFile;
  /** The footer as it lies in the file, with the tail. */
  readonly #end: Uint8Array;
  #holders = 1;

  private constructor(place: string, stored: StoredFile, end: Uint8Array, footer: Footer) {
    this.place = place;
    this.#stored = stored;
    this.#end = end;
    this.footer = footer;
    this.checksums = footer.checked ? chunkChecksums(footer.metadata, place) : null;
  }

  /** Opens the file of a name and reads its footer; null where there is none. @throws IoError, CorruptDataError, UnsupportedError */
  static async open(storage: Storage, name: string): Promise<ParquetFile | null> {
    const stored = await storage.open(name);
    if (stored === null) return null;
    const place = `${storage.location}/${name}`;
    try {
      const end = await endOf(stored, place);
      const footer = guarded(place, () => readFooter(end.subarray(0, -TAIL_BYTES), stored.size, place));
      return new ParquetFile(place, stored, end, footer);
    } catch (error) {
      await stored.close();
      throw error;
    }
  }

  /** Whether the file of a name is this one still, null for none: whether its footer is, byte for byte. @throws IoError */
  static async isStored(storage: Storage, name: string, file: ParquetFile | null): Promise<boolean> {
    const stored = await storage.open(name);
    if (stored === null || file === null) {
      await stored?.close();
      return stored === null && file === null;
    }
    try {
      const { size } = stored;
      const end = file.#end;
      return size === file.size && equalBytes(await stored.read(size - end.length, end.length), end);
    } finally {
      await stored.close();
    }
  }

  /** Bytes of the file. */
  get size(): number {
    return this.#stored.size;
  }

  /** The file as it is stored, to be copied by the storage. */
  get stored(): StoredFile {
    return this.#stored;
  }

  /** One more holder, who has to call `release` as well. */
  retain(): this {
    this.#holders++;
    return this;
  }

  /** Closes the file when its last holder is done with it. */
  async release(): Promise<void> {
    if (--this.#holders === 0) await this.#stored.close();
  }

  /** Bytes as they are stored. @param into memory that may be used for them @throws IoError */
  async read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
    const stored = this.#stored;
    if (into === undefined || stored.readInto === undefined) return stored.read(offset, length);
    const bytes = into.subarray(0, length);
    await stored.readInto(offset, bytes);
    return bytes;
  }

  /**
   * The bytes of column chunks of one row group, in the order of the tasks; not yet held against their checksums.
   * @param memory gives memory for so many bytes, in which the storage may put them, or null
   * @throws IoError
   */
  async readChunks(
    tasks: readonly ChunkTask[],
    memory: (byteLength: number) => Uint8Array | null = () => null,
  ): Promise<Uint8Array[]> {
    const chunks = new Array<Uint8Array>(tasks.length);
    const reaches = together(tasks);
    const into = this.#stored.readInto === undefined ? null : memory(reaches.reduce((sum, { from, to }) => sum + to - from, 0));
    let used = 0;
    for (const { from, to, members } of reaches) {
      const bytes = await this.read(from, to - from, into?.subarray(used));
      used += to - from;
      for (const i of members) {
        const { offset, length } = tasks[i].range;
        chunks[i] = bytes.subarray(offset - from, offset - from + length);
      }
    }
    return chunks;
  }

  /** CRC-32 of those chunks as they were written; undefined where Faun did not write the file. */
  chunkChecksums(rowGroup: number, tasks: readonly ChunkTask[]): number[] | undefined {
    const { checksums, footer } = this;
    if (checksums === null) return undefined;
    return tasks.map(({ leaf }) => checksums[rowGroup * footer.leaves.length + leaf]);
  }
}

/** The footer and the tail. */
async function endOf(stored: StoredFile, place: string): Promise<Uint8Array> {
  const { size } = stored;
  const first = Math.min(size, FIRST_READ);
  const end = await stored.read(size - first, first);
  const length = footerLength(end.subarray(-TAIL_BYTES), size, place);
  const whole = length + TAIL_BYTES;
  return whole <= first ? end.slice(first - whole) : stored.read(size - whole, whole);
}

/** Whatever bytes make code stumble is damage of the file, and told as such. */
export function guarded<R>(place: string, run: () => R): R {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof FaunError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CorruptDataError(`${place}: it cannot be understood: ${why}`, { cause });
  }
}

interface Reach {
  readonly from: number;
  to: number;
  readonly members: number[];
}

/** Neighbouring ranges are read in one go. */
function together(tasks: readonly ChunkTask[]): Reach[] {
  const order = tasks.map((_, i) => i).sort((a, b) => tasks[a].range.offset - tasks[b].range.offset);
  const reaches: Reach[] = [];
  for (const i of order) {
    const { offset, length } = tasks[i].range;
    const last = reaches.at(-1);
    if (last !== undefined && offset - last.to <= WORTH_SKIPPING) {
      last.to = Math.max(last.to, offset + length);
      last.members.push(i);
    } else reaches.push({ from: offset, to: offset + length, members: [i] });
  }
  return reaches;
}
