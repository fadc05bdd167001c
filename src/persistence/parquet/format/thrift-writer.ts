import { maxUtf8Bytes, writeUtf8 } from "../../../columns/utf8.ts";
import { type Shape, type StructShape, Wire, wireOf } from "./thrift-shape.ts";

/** Writes Thrift's compact protocol. */
export class ThriftWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  /** Bytes written so far. */
  length = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** What was written: a view, valid until more is. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }

  /** Members that are undefined are left out. A member that is required and undefined is a fault of the caller: TypeError. */
  struct<T>(shape: StructShape<T>, struct: T): void {
    let last = 0;
    for (const field of shape.fields) {
      const value = (struct as Record<string, unknown>)[field.name];
      if (value === undefined) {
        if (field.required) throw new TypeError(`${shape.name}.${field.name} is required`);
        continue;
      }
      const wire = field.shape === "bool" ? (value === true ? Wire.TRUE : Wire.FALSE) : wireOf(field.shape);
      const step = field.id - last;
      this.#room(16);
      if (step <= 15) this.#bytes[this.length++] = (step << 4) | wire;
      else {
        this.#bytes[this.length++] = wire;
        this.#zigzag(field.id);
      }
      last = field.id;
      if (field.shape !== "bool") this.#value(field.shape, value);
    }
    this.#room(1);
    this.#bytes[this.length++] = Wire.STOP;
  }

  #value(shape: Shape, value: unknown): void {
    this.#room(16);
    switch (shape) {
      case "bool":
        this.#bytes[this.length++] = value === true ? Wire.TRUE : Wire.FALSE;
        return;
      case "i8":
        this.#bytes[this.length++] = value as number;
        return;
      case "i16":
      case "i32":
      case "i64":
        this.#zigzag(value as number);
        return;
      case "double":
        new DataView(this.#bytes.buffer, this.length).setFloat64(0, value as number, true);
        this.length += 8;
        return;
      case "binary":
        this.#binary(value as Uint8Array);
        return;
      case "string":
        this.#string(value as string);
        return;
    }
    if (!("list" in shape)) {
      this.struct(shape as StructShape<never>, value as never);
      return;
    }
    const list = value as readonly unknown[];
    const wire = shape.list === "bool" ? Wire.TRUE : wireOf(shape.list);
    if (list.length < 15) this.#bytes[this.length++] = (list.length << 4) | wire;
    else {
      this.#bytes[this.length++] = 0xf0 | wire;
      this.#varint(list.length);
    }
    for (const element of list) this.#value(shape.list, element);
  }

  #binary(bytes: Uint8Array): void {
    this.#varint(bytes.length);
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  #string(text: string): void {
    const bytes = new Uint8Array(maxUtf8Bytes(text));
    this.#binary(bytes.subarray(0, writeUtf8(text, bytes, 0)));
  }

  /** By halves: doubled, a number of 53 bits would not be exact. */
  #zigzag(value: number): void {
    const magnitude = value < 0 ? -(value + 1) : value;
    const low = ((magnitude % 64) << 1) | (value < 0 ? 1 : 0);
    const rest = Math.floor(magnitude / 64);
    this.#bytes[this.length++] = rest > 0 ? low | 0x80 : low;
    if (rest > 0) this.#varint(rest);
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.length++] = rest;
  }

  #room(bytes: number): void {
    if (this.length + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + bytes));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
