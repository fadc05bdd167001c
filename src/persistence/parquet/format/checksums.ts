import { CorruptDataError } from "../../../errors.ts";
import { crc32 } from "../../crc32.ts";
import { CHUNK_CRC_KEY, FOOTER_CRC_KEY } from "./footer-metadata.ts";
import type { FileMetaData, KeyValue } from "./metadata.ts";

/**
 * Checksums of a file, in its key-value metadata. They guard against accidents, not against tampering.
 *
 * - "faun.crc32.chunks": 8 lower-case hexadecimal digits a column chunk, one row group after the other, in each one column
 *   after the other. A sum is the CRC-32 of the chunk's bytes as they lie in the file, page headers included: those from its
 *   first page on (dictionaryPageOffset, or dataPageOffset where there is no dictionary), totalCompressedSize of them.
 * - "faun.crc32.footer": 8 digits, the CRC-32 of the footer (the bytes before its length) as it would be with these
 *   digits all "0". The key stands only once, so that the digits are found: they lie after its last occurrence and the
 *   two bytes of Thrift between key and value.
 */
const DIGITS = 8;
const ZEROS = "0".repeat(DIGITS);

/** In Thrift's compact form, the header of the field behind the key, and the length of its text. */
const BETWEEN = [0x18, DIGITS];

const PATTERN = Uint8Array.from([...new TextEncoder().encode(FOOTER_CRC_KEY), ...BETWEEN]);

const hex = (sum: number): string => sum.toString(16).padStart(DIGITS, "0");

/** The metadata for sums of column chunks, one row group after the other. */
export function chunkChecksumMetadata(sums: Iterable<number>): KeyValue {
  return { key: CHUNK_CRC_KEY, value: Array.from(sums, hex).join("") };
}

/** The metadata in whose place {@link signFooter} puts the footer's sum. */
export const unsignedFooterMetadata: KeyValue = { key: FOOTER_CRC_KEY, value: ZEROS };

/**
 * The sums of a file's column chunks: that of column c of row group g at g x columns + c.
 * @throws CorruptDataError where they are not there, or not one for each chunk
 */
export function chunkChecksums(metadata: FileMetaData, place: string): Uint32Array {
  const text = metadata.keyValueMetadata?.find(({ key }) => key === CHUNK_CRC_KEY)?.value ?? "";
  const chunks = metadata.rowGroups.reduce((sum, group) => sum + group.columns.length, 0);
  if (text.length !== chunks * DIGITS || !/^[0-9a-f]*$/.test(text))
    throw new CorruptDataError(`${place}: there are not ${chunks} checksums for ${chunks} column chunks`);
  return Uint32Array.from({ length: chunks }, (_, i) => Number.parseInt(text.slice(i * DIGITS, (i + 1) * DIGITS), 16));
}

/** Writes the footer's sum into its place in `footer`, the Thrift bytes. */
export function signFooter(footer: Uint8Array): void {
  const at = digitsAt(footer);
  if (at < 0) throw new Error("the footer has no place for its checksum");
  const sum = hex(crc32(footer));
  for (let i = 0; i < DIGITS; i++) footer[at + i] = sum.charCodeAt(i);
}

/** Whether a footer has a sum, and the right one. O(bytes). */
export function checkFooter(footer: Uint8Array): "right" | "wrong" | "absent" {
  const at = digitsAt(footer);
  if (at < 0) return "absent";
  const zeros = new TextEncoder().encode(ZEROS);
  const sum = crc32(footer.subarray(at + DIGITS), crc32(zeros, crc32(footer.subarray(0, at))));
  return hex(sum) === String.fromCharCode(...footer.subarray(at, at + DIGITS)) ? "right" : "wrong";
}

/** Where the digits of the footer's sum begin; -1 if there are none. */
function digitsAt(footer: Uint8Array): number {
  for (let at = footer.length - PATTERN.length - DIGITS; at >= 0; at--) {
    let i = 0;
    while (i < PATTERN.length && footer[at + i] === PATTERN[i]) i++;
    if (i === PATTERN.length) return at + i;
  }
  return -1;
}
