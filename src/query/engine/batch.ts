import type { Codec } from "../../columns/codec.ts";
import type { Column } from "../../columns/column.ts";
import type { Chunk } from "../../soa/chunk.ts";
import { loadColumn } from "./load.ts";
import type { Selection } from "./selection.ts";
import { type CodeDictionary, gather, type Vector } from "./vector.ts";

/** Some rows that are worked on together: a chunk of a store, or what an earlier step gave. */
export interface Batch {
  readonly length: number;
  /** The chunk, where its columns may be read in place. */
  readonly chunk: Chunk | null;
  /** How many other threads may take part in scanning it and those that follow. */
  readonly workers?: number;
  /** The values of column `index` for the chosen rows. */
  load(index: number, selection: Selection): Vector;
}

export class ChunkBatch implements Batch {
  readonly chunk: Chunk;
  /** Rows of the chunks before this one. */
  readonly position: number;
  readonly workers: number;
  readonly #codecs: readonly Codec[];

  constructor(codecs: readonly Codec[], chunk: Chunk, position: number, workers = 0) {
    this.workers = workers;
    this.#codecs = codecs;
    this.chunk = chunk;
    this.position = position;
  }

  get length(): number {
    return this.chunk.length;
  }

  column(index: number): Column {
    return this.chunk.columns[index];
  }

  load(index: number, selection: Selection): Vector {
    return loadColumn(this.#codecs[index], this.chunk.columns[index], selection);
  }
}

/** Vectors of one length. */
export class TableBatch implements Batch {
  readonly chunk = null;
  readonly length: number;
  readonly #vectors: readonly Vector[];

  constructor(vectors: readonly Vector[], length: number) {
    this.#vectors = vectors;
    this.length = length;
  }

  load(index: number, { rows, count }: Selection): Vector {
    return rows === null ? this.#vectors[index] : gather(this.#vectors[index], rows.subarray(0, count));
  }
}

/** Every value of a dictionary once, as the column `index`, and behind them a null: what a predicate on one such column is tried on. */
export class DictionaryBatch implements Batch {
  readonly chunk = null;
  readonly length: number;
  readonly #vector: Vector;

  constructor(dictionary: CodeDictionary) {
    const size = dictionary.values.length;
    this.length = size + 1;
    const values = Uint32Array.from({ length: size + 1 }, (_, code) => (code < size ? code : 0));
    const valid = new Uint8Array(size + 1).fill(1, 0, size);
    this.#vector = { kind: "code", values, valid, dictionary };
  }

  load(): Vector {
    return this.#vector;
  }
}
