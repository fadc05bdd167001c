// Reads the folder of a ParquetPersistence, as docs/format.md describes it, with nothing of Faun's: a checkpoint for that page.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { tableFromIPC } from "apache-arrow";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";

/** A row by column names; times as numbers. */
export type Row = Record<string, unknown>;
type Frame = { kind: number; seq: bigint; durable: bigint; payload: Buffer; end: number };
const END_OF_STREAM = Buffer.from([255, 255, 255, 255, 0, 0, 0, 0]);
const padded = (bytes: number) => Math.ceil(bytes / 8) * 8;
const plain = (row: object): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof Date ? value.getTime() : (value ?? null)]),
  );

/** The rows of a folder, in order. @throws Error where the log is damaged */
export async function readFolder(folder: string): Promise<Row[]> {
  let { rows, seq } = await readCheckpoint(join(folder, "data.parquet"));
  const names = existsSync(join(folder, "log")) ? readdirSync(join(folder, "log")) : [];
  const segments = names.filter((name) => /^\d{20}\.log$/.test(name)).sort();
  let durable = 0n;
  for (const [i, name] of segments.entries()) {
    const next = i + 1 < segments.length ? BigInt(segments[i + 1]!.slice(0, 20)) : null;
    const { frames, durableBeyond } = readSegment(readFileSync(join(folder, "log", name)));
    const noted = new Map<number, Buffer>();
    for (const { kind, seq: of, durable: upTo, payload } of frames) {
      if (next !== null && of >= next) break;
      if (upTo > durable) durable = upTo;
      if (kind === 1 && of - 1n > durable) durable = of - 1n;
      if (kind === 2 || kind > 3) noted.set(payload.readUInt32LE(0), payload.subarray(8));
      if (kind !== 3 || of <= seq) continue;
      if (of !== seq + 1n) throw new Error(`${name}: commit ${of} follows commit ${seq}`);
      rows = commit(rows, payload, noted);
      seq = of;
    }
    if (next === null && durableBeyond > durable) durable = durableBeyond;
  }
  if (durable > seq) throw new Error(`${folder}: commit ${durable} was durable, and can be read up to ${seq} only`);
  return rows;
}

async function readCheckpoint(path: string): Promise<{ rows: Row[]; seq: bigint }> {
  if (!existsSync(path)) return { rows: [], seq: 0n };
  const file = Uint8Array.from(readFileSync(path)).buffer;
  const entry = parquetMetadata(file).key_value_metadata?.find(({ key }) => key === "faun.seq");
  return { rows: (await parquetReadObjects({ file, compressors })).map(plain), seq: BigInt(entry?.value ?? 0) };
}

/** The frames up to the first that is not whole, and what those behind it say was durable. */
function readSegment(bytes: Buffer): { frames: Frame[]; durableBeyond: bigint } {
  const frames: Frame[] = [];
  let durableBeyond = 0n;
  let torn = false;
  for (let at = 0; at + 32 <= bytes.length; ) {
    const frame = frameAt(bytes, at);
    if (frame === null) torn = true;
    else if (torn && frame.durable > durableBeyond) durableBeyond = frame.durable;
    if (frame !== null && !torn) {
      if (frame.kind < 1 || frame.kind > 5) throw new Error(`a frame of kind ${frame.kind}`);
      if (frame.kind === 1 && JSON.parse(frame.payload.toString()).version !== 1) throw new Error("a log of another version");
      frames.push(frame);
    }
    at = frame === null ? at + 8 : frame.end;
  }
  return { frames, durableBeyond };
}

function frameAt(bytes: Buffer, at: number): Frame | null {
  const [length, kind] = [bytes.readUInt32LE(at + 4), bytes.readUInt16LE(at + 8)];
  const end = at + 32 + padded(length);
  if (length === 0 || end > bytes.length || crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32LE(at)) return null;
  const payload = bytes.subarray(at + 32, at + 32 + length);
  return { kind, seq: bytes.readBigUInt64LE(at + 16), durable: bytes.readBigUInt64LE(at + 24), payload, end };
}

function commit(before: Row[], payload: Buffer, noted: ReadonlyMap<number, Buffer>): Row[] {
  let rows = before;
  const end = 32 + 24 * payload.readUInt32LE(28);
  for (let change = 32, at = end; change < end; change += 24) {
    const kind = payload.readUInt16LE(change);
    if (kind === 4) rows = [];
    if (kind === 4) continue;
    const [schema, layout] = [payload.readUInt32LE(change + 4), payload.readUInt32LE(change + 12)];
    const messages = payload.subarray(at, at + Number(payload.readBigUInt64LE(change + 16)));
    const parts = layout === 0 ? [messages] : [noted.get(layout)!, messages];
    const table = tableFromIPC(Buffer.concat([noted.get(schema)!, ...parts, END_OF_STREAM]));
    at += messages.length;
    const changes = table.toArray().map((row) => plain(row.toJSON()));
    const key = table.schema.metadata.get("faun.key") ?? "";
    const byKey = new Map(changes.map((row) => [row[key], row]));
    if (kind === 1) rows = [...rows, ...changes];
    if (kind === 2) rows = rows.map((row) => ({ ...row, ...byKey.get(row[key]) }));
    if (kind === 3) rows = rows.filter((row) => !byKey.has(row[key]));
  }
  if (payload.readBigUInt64LE(8) !== BigInt(rows.length)) throw new Error(`${rows.length} rows are not those that were noted`);
  return rows;
}
