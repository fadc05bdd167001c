import type { BatchMessage } from "../../arrow/batch-body.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { Rows } from "../../soa/rows.ts";
import { crc32 } from "../crc32.ts";
import { FrameKind, type FrameToWrite } from "./frame.ts";
import { schemaBytes } from "./row-messages.ts";

/** Of more rows the metadata is a small part. */
const FEW_ROWS = 64;
/** Rows with texts of any length may lie in as many ways as there are batches. */
const MOST_LAYOUTS = 256;

const utf8 = new TextEncoder();

/**
 * What a segment has already, so that later frames name it by a number: schemas, layouts of few rows, writers. What is
 * noted here counts once the frames that were taken are written.
 */
export class SegmentNotes {
  readonly #schemas = new Map<EntitySchema, number>();
  /** By the sum of their bytes. */
  readonly #layouts = new Map<number, { number: number; metadata: Uint8Array }>();
  readonly #writers = new Map<string, number>();
  #frames: FrameToWrite[] = [];
  #numbers = 0;

  /** Frames to be written before the one that uses them. */
  take(): FrameToWrite[] {
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }

  schema(rows: Rows): number {
    return this.#numbered(this.#schemas, rows.schema, FrameKind.Schema, () => schemaBytes(rows));
  }

  writer(name: string): number {
    return this.#numbered(this.#writers, name, FrameKind.Writer, () => utf8.encode(name));
  }

  /** 0 for rows whose metadata goes with them. */
  layout(messages: readonly BatchMessage[], rows: number): number {
    if (messages.length !== 1 || rows > FEW_ROWS) return 0;
    const [{ metadata }] = messages;
    const sum = crc32(metadata);
    const known = this.#layouts.get(sum);
    if (known !== undefined) return sameBytes(known.metadata, metadata) ? known.number : 0;
    if (this.#layouts.size >= MOST_LAYOUTS) return 0;
    const number = this.#note(FrameKind.Layout, metadata);
    this.#layouts.set(sum, { number, metadata });
    return number;
  }

  #numbered<K>(known: Map<K, number>, key: K, kind: number, content: () => Uint8Array): number {
    let number = known.get(key);
    if (number === undefined) {
      number = this.#note(kind, content());
      known.set(key, number);
    }
    return number;
  }

  #note(kind: number, content: Uint8Array): number {
    const number = ++this.#numbers;
    const head = new Uint8Array(8);
    new DataView(head.buffer).setUint32(0, number, true);
    this.#frames.push({ kind, payload: [head, content] });
    return number;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
