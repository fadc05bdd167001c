import { readUtf8 } from "../../../columns/utf8.ts";
import { CorruptDataError } from "../../../errors.ts";
import { type FieldShape, type Shape, type StructShape, Wire, wireOf } from "./thrift-shape.ts";

/** Values of unknown fields are passed over to this depth. */
const MAX_DEPTH = 32;

/**
 * Reads Thrift's compact protocol out of bytes that nobody vouches for: every length and count is held against the
 * bytes that are left, so that nothing is allocated for what is not there.
 */
export class ThriftReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #place: string;
  /** Where the next byte is read. */
  position: number;

  /**
   * @param place begins the messages of errors: the file and what of it is read
   * @param position where to begin
   */
  constructor(bytes: Uint8Array, place: string, position = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#place = place;
    this.position = position;
    this.#end = end;
  }

  /**
   * The struct that begins at the position, which moves behind it. Fields that the shape does not know are passed over.
   * @throws CorruptDataError where the bytes are no such struct, a required field is missing, or they end too early
   */
  struct<T>(shape: StructShape<T>): T {
    const out: Record<string, unknown> = {};
    for (let id = 0; ; ) {
      const head = this.#byte();
      const wire = head & 15;
      if (wire === Wire.STOP) break;
      id = head >>> 4 === 0 ? this.#int(-0x8000, 0x7fff) : id + (head >>> 4);
      const field = shape.byId[id];
      if (field === undefined) this.#skip(wire, 0);
      else if (wire <= Wire.FALSE && field.shape === "bool") out[field.name] = wire === Wire.TRUE;
      else out[field.name] = this.#value(field.shape, wire, shape.name, field);
    }
    for (const field of shape.fields) {
      if (field.required && out[field.name] === undefined) this.#fail(`${shape.name}.${field.name} is missing`);
    }
    return out as T;
  }

  #value(shape: Shape, wire: number, struct: string, field: FieldShape): unknown {
    if (wire !== wireOf(shape)) this.#fail(`${struct}.${field.name} is of wire type ${wire}`);
    switch (shape) {
      case "bool":
        return this.#byte() === 1;
      case "i8":
        return (this.#byte() << 24) >> 24;
      case "i16":
        return this.#int(-0x8000, 0x7fff);
      case "i32":
        return this.#int(-0x8000_0000, 0x7fff_ffff);
      case "i64":
        return this.#int(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
      case "double":
        return this.#double();
      case "binary":
        return this.#binary();
      case "string":
        return this.#string();
    }
    return "list" in shape ? this.#list(shape.list, struct, field) : this.struct(shape as StructShape<never>);
  }

  #list(shape: Shape, struct: string, field: FieldShape): unknown[] {
    const { size, wire } = this.#listHead();
    // A list of booleans may call its elements true or false.
    const elements = wire === Wire.FALSE && shape === "bool" ? Wire.TRUE : wire;
    const list: unknown[] = [];
    for (let i = 0; i < size; i++) list.push(this.#value(shape, elements, struct, field));
    return list;
  }

  #listHead(): { size: number; wire: number } {
    const head = this.#byte();
    const size = head >>> 4 === 15 ? this.#varint() : head >>> 4;
    // Every element takes a byte at least.
    if (size > this.#end - this.position) this.#fail(`a list of ${size} elements is longer than what is left`);
    return { size, wire: head & 15 };
  }

  #skip(wire: number, depth: number): void {
    if (depth > MAX_DEPTH) this.#fail(`values are nested more than ${MAX_DEPTH} deep`);
    switch (wire) {
      case Wire.TRUE:
      case Wire.FALSE:
        return;
      case Wire.I8:
        this.#advance(1);
        return;
      case Wire.I16:
      case Wire.I32:
      case Wire.I64:
        this.#skipVarint();
        return;
      case Wire.DOUBLE:
        this.#advance(8);
        return;
      case Wire.UUID:
        this.#advance(16);
        return;
      case Wire.BINARY:
        this.#advance(this.#varint());
        return;
      case Wire.LIST:
      case Wire.SET: {
        const { size, wire: element } = this.#listHead();
        for (let i = 0; i < size; i++) this.#skipElement(element, depth + 1);
        return;
      }
      case Wire.MAP: {
        const size = this.#varint();
        if (size > this.#end - this.position) this.#fail(`a map of ${size} entries is longer than what is left`);
        const kinds = size === 0 ? 0 : this.#byte();
        for (let i = 0; i < size; i++) {
          this.#skipElement(kinds >>> 4, depth + 1);
          this.#skipElement(kinds & 15, depth + 1);
        }
        return;
      }
      case Wire.STRUCT:
        for (;;) {
          const head = this.#byte();
          if ((head & 15) === Wire.STOP) return;
          if (head >>> 4 === 0) this.#skipVarint();
          this.#skip(head & 15, depth + 1);
        }
    }
    this.#fail(`there is no wire type ${wire}`);
  }

  /** As {@link #skip}, but booleans take a byte in collections. */
  #skipElement(wire: number, depth: number): void {
    if (wire === Wire.TRUE || wire === Wire.FALSE) this.#advance(1);
    else this.#skip(wire, depth);
  }

  #byte(): number {
    if (this.position >= this.#end) this.#fail("it ends in the middle");
    return this.#bytes[this.position++];
  }

  #advance(bytes: number): void {
    if (bytes > this.#end - this.position) this.#fail("it ends in the middle");
    this.position += bytes;
  }

  #binary(): Uint8Array {
    const start = this.#span();
    return this.#bytes.subarray(start, this.position);
  }

  #string(): string {
    const start = this.#span();
    try {
      return readUtf8(this.#bytes, start, this.position);
    } catch {
      return this.#fail("a text is not UTF-8");
    }
  }

  /** Passes over length and bytes; gives where the bytes begin. */
  #span(): number {
    const length = this.#varint();
    const start = this.position;
    this.#advance(length);
    return start;
  }

  #double(): number {
    const start = this.position;
    this.#advance(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + start, 8).getFloat64(0, true);
  }

  /** An unsigned length or count: 31 bits, for nothing here is longer. */
  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0x7fff_ffff) break;
        return value;
      }
    }
    return this.#fail("a length is beyond 2^31");
  }

  #skipVarint(): void {
    for (let i = 0; i < 10; i++) if (this.#byte() < 0x80) return;
    this.#fail("a number is longer than 10 bytes");
  }

  /** A zigzag number. Two times 28 bits and the rest: doubles stay exact where the value is. */
  #int(min: number, max: number): number {
    let low = 0;
    let middle = 0;
    let high = 0;
    for (let i = 0; ; i++) {
      if (i === 10) this.#fail("a number is longer than 10 bytes");
      const byte = this.#byte();
      const bits = byte & 0x7f;
      if (i < 4) low |= bits << (7 * i);
      else if (i < 8) middle |= bits << (7 * (i - 4));
      else high |= bits << (7 * (i - 8));
      if (byte < 0x80) break;
    }
    const magnitude = (low >>> 1) + middle * 2 ** 27 + high * 2 ** 55;
    const value = (low & 1) === 0 ? magnitude : -magnitude - 1;
    if (value < min || value > max) this.#fail(`${value} is beyond the numbers that can stand there`);
    return value;
  }

  #fail(reason: string): never {
    throw new CorruptDataError(`${this.#place}: ${reason} (at byte ${this.position})`);
  }
}
