import type { Column } from "../../../src/columns/column.ts";
import type { Chunk } from "../../../src/soa/chunk.ts";

/** What was read of one field in one chunk: the elements of its arrays, and `whole` where an array was taken as a whole. */
export interface FieldReads {
  readonly elements: Set<number>;
  whole: number;
}

/**
 * Counts what is read of the values of columns while `run` runs, by field and chunk: every array of a column stands behind a
 * proxy meanwhile. Only for stores on the heap: kernels of an arena are told addresses, and read without a proxy noticing.
 */
export function columnReads<R>(
  chunks: readonly Chunk[],
  fields: readonly { readonly name: string }[],
  run: () => R,
): { result: R; reads: Map<string, Map<number, FieldReads>> } {
  const reads = new Map<string, Map<number, FieldReads>>();
  const noteOf = (field: number, chunk: number): FieldReads => {
    const name = fields[field]!.name;
    const byChunk = reads.get(name) ?? new Map<number, FieldReads>();
    reads.set(name, byChunk);
    const note = byChunk.get(chunk) ?? { elements: new Set<number>(), whole: 0 };
    byChunk.set(chunk, note);
    return note;
  };
  const originals = chunks.map(({ columns }) => [...columns]);
  chunks.forEach(({ columns }, c) => {
    columns.forEach((column, f) => {
      columns[f] = watched(column, () => noteOf(f, c));
    });
  });
  try {
    return { result: run(), reads };
  } finally {
    chunks.forEach(({ columns }, c) => {
      for (const [f, column] of originals[c]!.entries()) columns[f] = column;
    });
  }
}

function watched(column: Column, note: () => FieldReads): Column {
  return new Proxy(column, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (ArrayBuffer.isView(member)) return watchedArray(member as Uint8Array, note);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        // Methods read behind the proxy: by their row where they are given one.
        if (typeof args[0] === "number" && name !== "nullCount") note().elements.add(args[0]);
        else note().whole++;
        return Reflect.apply(member, target, args);
      };
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}

function watchedArray(array: Uint8Array, note: () => FieldReads): unknown {
  return new Proxy(array, {
    get: (target, name) => {
      if (typeof name === "string" && /^\d+$/.test(name)) {
        note().elements.add(Number(name));
        return target[Number(name)];
      }
      if (name === "length" || name === "byteLength" || name === "constructor") return Reflect.get(target, name, target);
      note().whole++;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** Chunks of which anything of a field was read; of any field without a name. */
export function chunksRead(reads: ReadonlyMap<string, ReadonlyMap<number, FieldReads>>, field?: string): number {
  const maps = field === undefined ? [...reads.values()] : [reads.get(field) ?? new Map<number, FieldReads>()];
  return new Set(maps.flatMap((byChunk) => [...byChunk.keys()])).size;
}
