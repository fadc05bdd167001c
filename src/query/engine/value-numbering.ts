import type { ValueType } from "../value-type.ts";
import {
  type BigArray,
  type CodeDictionary,
  type CodeVector,
  gather,
  isValid,
  toTexts,
  type Vector,
  vectorKind,
  wordsOf,
} from "./vector.ts";
import { WordTable } from "./word-table.ts";

/** Numbers the distinct values of an expression from 0 on; null is one of them, NaN equals itself and -0 is 0. */
export interface ValueNumbering {
  /** One more than the greatest number given so far. */
  readonly size: number;
  /** The number of each value. What is given is overwritten by the next call. */
  number(vector: Vector): Uint32Array;
  /** The values that have these numbers. Numbers that were never given may stand for anything. */
  valuesAt(numbers: Uint32Array): Vector;
}

export function numberingFor(type: ValueType): ValueNumbering {
  switch (vectorKind(type)) {
    case "num":
      return new WordNumbering("num");
    case "bool":
      return new BoolNumbering();
    case "code":
      return new CodeNumbering();
    case "big":
      return type.kind === "u64" || type.kind === "i64" || type.kind === "timestamp"
        ? new WordNumbering(type.kind === "u64" ? "u64" : "i64")
        : new BigNumbering();
    case "text":
      return new KeyedNumbering<string>(
        (vector) => toTexts(vector),
        (values, valid) => ({ kind: "text", values, valid }),
        "",
      );
    case "bytes":
      return new BytesNumbering();
  }
}

/** Doubles and 64-bit integers, by their bits. */
class WordNumbering implements ValueNumbering {
  readonly #table = new WordTable();
  readonly #form: "num" | "u64" | "i64";
  #null = -1;

  constructor(form: "num" | "u64" | "i64") {
    this.#form = form;
  }

  get size(): number {
    return this.#table.size;
  }

  number(vector: Vector): Uint32Array {
    const words = this.#words(vector);
    const count = words.length >>> 1;
    const numbers = new Uint32Array(count);
    const { valid } = vector;
    if (valid === null) {
      this.#table.number(words, count, numbers);
      return numbers;
    }
    // Only what is there is numbered: a value under a null must not become one of its own.
    const there = new Uint32Array(words.length);
    let m = 0;
    for (let i = 0; i < count; i++) {
      there[2 * m] = words[2 * i];
      there[2 * m + 1] = words[2 * i + 1];
      m += valid[i];
    }
    const dense = new Uint32Array(m);
    this.#table.number(there, m, dense);
    if (m < count && this.#null < 0) this.#null = this.#table.reserve();
    m = 0;
    for (let i = 0; i < count; i++) numbers[i] = valid[i] === 1 ? dense[m++] : this.#null;
    return numbers;
  }

  #words(vector: Vector): Uint32Array {
    if (vector.kind === "num") {
      const values = new Float64Array(vector.values.length);
      for (let i = 0; i < values.length; i++) {
        const value = vector.values[i];
        values[i] = Number.isNaN(value) ? Number.NaN : value + 0;
      }
      return wordsOf(values);
    }
    const values = vector.values as BigArray;
    if (!Array.isArray(values)) return wordsOf(values);
    return wordsOf(this.#form === "u64" ? BigUint64Array.from(values) : BigInt64Array.from(values));
  }

  valuesAt(numbers: Uint32Array): Vector {
    return gather(this.values(), numbers);
  }

  values(): Vector {
    const pairs = this.#table.pairs;
    const valid = this.#null < 0 ? null : new Uint8Array(this.size).fill(1);
    if (valid !== null) valid[this.#null] = 0;
    const { buffer, byteOffset } = pairs;
    if (this.#form === "num") return { kind: "num", values: new Float64Array(buffer, byteOffset, this.size), valid };
    const values =
      this.#form === "u64" ? new BigUint64Array(buffer, byteOffset, this.size) : new BigInt64Array(buffer, byteOffset, this.size);
    return { kind: "big", values, valid };
  }
}

/** 0, 1 and 2 for null. */
class BoolNumbering implements ValueNumbering {
  readonly size = 3;

  number(vector: Vector): Uint32Array {
    const values = vector.values as Uint8Array;
    return Uint32Array.from(values, (value, i) => (isValid(vector, i) ? value : 2));
  }

  valuesAt(numbers: Uint32Array): Vector {
    return gather(this.values(), numbers);
  }

  values(): Vector {
    return { kind: "bool", values: Uint8Array.of(0, 1, 0), valid: Uint8Array.of(1, 1, 0) };
  }
}

/** The code of a value, and the number behind the last one for null. */
class CodeNumbering implements ValueNumbering {
  #dictionary: CodeDictionary = { values: [], ordered: true };

  get size(): number {
    return this.#dictionary.values.length + 1;
  }

  number(vector: Vector): Uint32Array {
    const { values, valid, dictionary } = vector as CodeVector;
    this.#dictionary = dictionary;
    if (valid === null) return values;
    const none = dictionary.values.length;
    const numbers = new Uint32Array(values.length);
    for (let i = 0; i < numbers.length; i++) numbers[i] = valid[i] === 1 ? values[i] : none;
    return numbers;
  }

  valuesAt(numbers: Uint32Array): Vector {
    return gather(this.values(), numbers);
  }

  values(): Vector {
    const { size } = this;
    const values = new Uint32Array(size);
    for (let code = 0; code < size - 1; code++) values[code] = code;
    return { kind: "code", values, valid: new Uint8Array(size).fill(1, 0, size - 1), dictionary: this.#dictionary };
  }
}

/** Values that a Map tells apart. */
class KeyedNumbering<K> implements ValueNumbering {
  readonly #numbers = new Map<K, number>();
  readonly #keys: K[] = [];
  readonly #toKeys: (vector: Vector) => K[];
  readonly #toVector: (keys: K[], valid: Uint8Array | null) => Vector;
  readonly #filler: K;
  #null = -1;

  constructor(toKeys: (vector: Vector) => K[], toVector: (keys: K[], valid: Uint8Array | null) => Vector, filler: K) {
    this.#toKeys = toKeys;
    this.#toVector = toVector;
    this.#filler = filler;
  }

  get size(): number {
    return this.#keys.length;
  }

  number(vector: Vector): Uint32Array {
    const keys = this.#toKeys(vector);
    const numbers = new Uint32Array(keys.length);
    for (let i = 0; i < numbers.length; i++) {
      if (!isValid(vector, i)) {
        if (this.#null < 0) this.#null = this.#keys.push(this.#filler) - 1;
        numbers[i] = this.#null;
        continue;
      }
      let number = this.#numbers.get(keys[i]);
      if (number === undefined) {
        number = this.#keys.push(keys[i]) - 1;
        this.#numbers.set(keys[i], number);
      }
      numbers[i] = number;
    }
    return numbers;
  }

  valuesAt(numbers: Uint32Array): Vector {
    return gather(this.values(), numbers);
  }

  values(): Vector {
    const valid = this.#null < 0 ? null : new Uint8Array(this.size).fill(1);
    if (valid !== null) valid[this.#null] = 0;
    return this.#toVector([...this.#keys], valid);
  }
}

/** Bytes, each taken for a character of a string. */
class BytesNumbering extends KeyedNumbering<string> {
  constructor() {
    super(
      (vector) =>
        (vector.values as Uint8Array[]).map((bytes) => bytes.reduce((text, byte) => text + String.fromCharCode(byte), "")),
      (keys, valid) => ({ kind: "bytes", values: keys.map((key) => Uint8Array.from(key, (c) => c.charCodeAt(0))), valid }),
      "",
    );
  }
}

/** Integers to 128 bits as two halves of 64, each numbered, and the pair of their numbers. */
class BigNumbering implements ValueNumbering {
  readonly #low = new WordNumbering("u64");
  readonly #high = new WordNumbering("i64");
  readonly #pairs = new WordTable();

  get size(): number {
    return this.#pairs.size;
  }

  number(vector: Vector): Uint32Array {
    const { values, valid } = vector as { values: BigArray; valid: Uint8Array | null };
    const count = values.length;
    const low = new BigUint64Array(count);
    const high = new BigInt64Array(count);
    for (let i = 0; i < count; i++) {
      low[i] = values[i];
      high[i] = values[i] >> 64n;
    }
    return pairNumbers(
      this.#pairs,
      this.#low.number({ kind: "big", values: low, valid }),
      this.#high.number({ kind: "big", values: high, valid }),
    );
  }

  valuesAt(numbers: Uint32Array): Vector {
    return gather(this.values(), numbers);
  }

  values(): Vector {
    const low = this.#low.values();
    const high = this.#high.values();
    const { pairs, size } = this.#pairs;
    const values = new Array<bigint>(size);
    const valid = low.valid === null ? null : new Uint8Array(size);
    for (let i = 0; i < size; i++) {
      values[i] = ((high.values as BigInt64Array)[pairs[2 * i + 1]] << 64n) | (low.values as BigUint64Array)[pairs[2 * i]];
      if (valid !== null) valid[i] = (low.valid as Uint8Array)[pairs[2 * i]];
    }
    return { kind: "big", values, valid };
  }
}

/** The number of each pair (a[i], b[i]). */
export function pairNumbers(table: WordTable, a: Uint32Array, b: Uint32Array): Uint32Array {
  const count = a.length;
  const words = new Uint32Array(count * 2);
  for (let i = 0; i < count; i++) {
    words[2 * i] = a[i];
    words[2 * i + 1] = b[i];
  }
  const numbers = new Uint32Array(count);
  table.number(words, count, numbers);
  return numbers;
}
