import { bytesFromBase64 } from "../../../entity/values/base64.ts";
import { WASM_BASE64 } from "./wasm-module.ts";

/** What assembly/pages.ts exports; addresses are bytes from the start of the memory. */
interface PageExports {
  readonly memory: WebAssembly.Memory;
  delta32(input: number, count: number, scratch: number, output: number): number;
  delta64(input: number, count: number, scratch: number, output: number): number;
  bounds64(input: number, count: number, flip: bigint, output: number): void;
  distinct32(...of: DistinctParameters): number;
  distinct64(...of: DistinctParameters): number;
  hybrid(values: number, count: number, width: number, worthARun: number, output: number): number;
  undelta32(input: number, length: number, count: number, output: number): number;
  undelta64(input: number, length: number, count: number, output: number): number;
  codes8(...of: CodesParameters): number;
  codes16(...of: CodesParameters): number;
  codes32(...of: CodesParameters): number;
  elements32(...of: ElementsParameters): number;
  elements64(...of: ElementsParameters): number;
}

type DistinctParameters = [
  input: number,
  count: number,
  most: number,
  limit: number,
  firstSlots: number,
  slots: number,
  values: number,
  indices: number,
];
type CodesParameters = [input: number, length: number, width: number, size: number, count: number, output: number];
type ElementsParameters = [
  input: number,
  length: number,
  width: number,
  size: number,
  dictionary: number,
  count: number,
  output: number,
];

const PAGE = 65_536;
/** 128 values of 64 bits. */
const SCRATCH = 1024;
const FIRST = 4096;
/** What kernels may read or write too much, and room between what lies behind each other. */
const SLACK = 64;
/** WebAssembly memory never shrinks: an instance that grew beyond this is dropped after use. */
const KEPT_BYTES = 32 << 20;
/** Fewer values are done as quickly without; more would take too much memory. */
const LEAST_VALUES = 128;
const MOST_VALUES = 2 ** 20;
/** A page of more bytes is not copied in. */
const MOST_BYTES = 16 << 20;
const BLOCK = 128;

/** The distinct values of a column, and which of them each value is. */
export interface Distinct {
  readonly size: number;
  readonly indices: Uint32Array<ArrayBuffer>;
  /** The values, PLAIN. */
  readonly page: Uint8Array<ArrayBuffer>;
}

/**
 * The loops of encodings in WebAssembly. Each has its equal in TypeScript, in `write/` and `read/`: for platforms without,
 * for what is too small or too large, and to tell what is wrong with bytes that a kernel gave up at.
 *
 * What was last put into the memory stays there, by the array it was copied from: arrays must not be written to between calls
 * until `release`.
 */
export class PageKernels {
  readonly #wasm: PageExports;
  #held: Uint32Array | null = null;
  #heldAt = FIRST;
  #heldEnd = FIRST;

  constructor(module: WebAssembly.Module) {
    this.#wasm = new WebAssembly.Instance(module).exports as unknown as PageExports;
  }

  get byteLength(): number {
    return this.#wasm.memory.buffer.byteLength;
  }

  /** Forgets the array that it holds. */
  release(): void {
    this.#held = null;
    this.#heldEnd = FIRST;
  }

  /** Values [from, to) as DELTA_BINARY_PACKED: a view, valid until the next call. O(values). */
  delta(words: Uint32Array, width: 4 | 8, from: number, to: number): Uint8Array {
    const count = to - from;
    const input = this.#hold(words) + from * width;
    const [output] = this.#rooms(SLACK + Math.ceil(count / BLOCK) * (16 + BLOCK * width));
    const end = (width === 4 ? this.#wasm.delta32 : this.#wasm.delta64)(input, count, SCRATCH, output);
    return this.#bytes(output, end - output);
  }

  /** Numbers [from, to) of `width` bits as RLE and packed bits: a view, valid until the next call. O(numbers). */
  hybrid(numbers: Uint32Array, from: number, to: number, width: number, worthARun: number): Uint8Array {
    const input = this.#hold(numbers) + from * 4;
    const [output] = this.#rooms(SLACK + (to - from) * 4);
    const end = this.#wasm.hybrid(input, to - from, width, worthARun, output);
    return this.#bytes(output, end - output);
  }

  /** Least and greatest, each low word first. O(values). */
  bounds64(words: Uint32Array, signed: boolean): Uint32Array {
    const input = this.#hold(words);
    this.#wasm.bounds64(input, words.length >>> 1, signed ? 0n : -(2n ** 63n), SCRATCH);
    return new Uint32Array(this.#wasm.memory.buffer, SCRATCH, 4).slice();
  }

  /** Null where there are more than `most`, they would take more than `limit` bytes with their indices, or few repeat. O(values). */
  distinct(words: Uint32Array, width: 4 | 8, most: number, limit: number, firstSlots: number): Distinct | null {
    const count = words.length / (width >>> 2);
    const input = this.#hold(words);
    const slotCount = Math.max(firstSlots, 2 ** Math.ceil(Math.log2(most * 4 + 2)));
    const [slots, values, indices] = this.#rooms(slotCount * 4, most * width, count * 4);
    const run = width === 4 ? this.#wasm.distinct32 : this.#wasm.distinct64;
    const size = run(input, count, most, limit, firstSlots, slots, values, indices);
    if (size < 0) return null;
    const { buffer } = this.#wasm.memory;
    const own = new Uint32Array(buffer, indices, count).slice();
    this.#held = own;
    this.#heldAt = indices;
    this.#heldEnd = indices + count * 4 + SLACK;
    return { size, indices: own, page: new Uint8Array(buffer, values, size * width).slice() };
  }

  /**
   * `count` DELTA_BINARY_PACKED values from byte `from` on to value `at` on. Gives the bytes that they took, or 0 where it
   * gave up: then nothing was written. O(count).
   */
  undelta(bytes: Uint8Array, from: number, end: number, out: Uint32Array, width: 4 | 8, at: number, count: number): number {
    const { input, output } = this.#page(bytes, from, end, count * width);
    const run = width === 4 ? this.#wasm.undelta32 : this.#wasm.undelta64;
    const stop = run(input, end - from, count, output);
    if (stop === 0) return 0;
    const words = (count * width) >>> 2;
    out.set(new Uint32Array(this.#wasm.memory.buffer, output, words), at * (width >>> 2));
    return stop - input;
  }

  /** `count` codes of `width` bits, all below `size`, which `out` can hold. As {@link undelta}. */
  codes(
    bytes: Uint8Array,
    from: number,
    end: number,
    width: number,
    size: number,
    out: Uint8Array | Uint16Array | Uint32Array,
    at: number,
    count: number,
  ): number {
    const element = out.BYTES_PER_ELEMENT;
    const { input, output } = this.#page(bytes, from, end, count * element);
    const { codes8, codes16, codes32, memory } = this.#wasm;
    const run = element === 1 ? codes8 : element === 2 ? codes16 : codes32;
    const stop = run(input, end - from, width, size, count, output);
    if (stop === 0) return 0;
    const { buffer } = memory;
    if (out instanceof Uint8Array) out.set(new Uint8Array(buffer, output, count), at);
    else if (out instanceof Uint16Array) out.set(new Uint16Array(buffer, output, count), at);
    else out.set(new Uint32Array(buffer, output, count), at);
    return stop - input;
  }

  /** The elements of a dictionary, of 4 or 8 bytes, that `count` codes stand for, to element `at` on. As {@link undelta}. */
  elements(
    bytes: Uint8Array,
    from: number,
    end: number,
    width: number,
    dictionary: Uint8Array,
    element: 4 | 8,
    out: Uint8Array,
    at: number,
    count: number,
  ): number {
    const { input, output, behind } = this.#page(bytes, from, end, count * element, dictionary.length);
    new Uint8Array(this.#wasm.memory.buffer).set(dictionary, behind);
    const run = element === 4 ? this.#wasm.elements32 : this.#wasm.elements64;
    const stop = run(input, end - from, width, dictionary.length / element, behind, count, output);
    if (stop === 0) return 0;
    out.set(this.#bytes(output, count * element), at * element);
    return stop - input;
  }

  #bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#wasm.memory.buffer, address, length);
  }

  /** Where the array lies in memory. */
  #hold(array: Uint32Array): number {
    if (this.#held === array) return this.#heldAt;
    this.release();
    const [address] = this.#rooms(array.byteLength);
    new Uint32Array(this.#wasm.memory.buffer, address, array.length).set(array);
    this.#held = array;
    this.#heldAt = address;
    this.#heldEnd = address + array.byteLength + SLACK;
    return address;
  }

  /** Copies a page's bytes in, with room for what becomes of them. */
  #page(bytes: Uint8Array, from: number, end: number, room: number, more = 0): { input: number; output: number; behind: number } {
    this.release();
    const [input, output, behind] = this.#rooms(end - from, room, more);
    new Uint8Array(this.#wasm.memory.buffer).set(bytes.subarray(from, end), input);
    return { input, output, behind };
  }

  /** Addresses of so many bytes each, behind what is held. The memory's buffer may be another afterwards. */
  #rooms(...sizes: number[]): [number, number, number] {
    let next = aligned(Math.max(FIRST, this.#heldEnd));
    const addresses = sizes.map((size) => {
      const address = next;
      next = aligned(address + size + SLACK);
      return address;
    });
    const missing = next - this.#wasm.memory.buffer.byteLength;
    if (missing > 0) this.#wasm.memory.grow(Math.ceil(missing / PAGE));
    return [addresses[0], addresses[1] ?? next, addresses[2] ?? next];
  }
}

const aligned = (address: number): number => Math.ceil(address / 64) * 64;

/** Undefined before the first use, null where WebAssembly is not to be had. */
let module: WebAssembly.Module | null | undefined;
let kernels: PageKernels | null = null;

/** The module is small: it is compiled at once, at first use. A page's content security policy may forbid that. */
function compiled(): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(bytesFromBase64(WASM_BASE64) as Uint8Array<ArrayBuffer>);
  } catch {
    return null;
  }
}

/** This thread's kernels; null where there are none, or where so many values are better done without. */
export function pageKernels(values: number, bytes = 0): PageKernels | null {
  if (values < LEAST_VALUES || values > MOST_VALUES || bytes > MOST_BYTES) return null;
  if (module === undefined) module = compiled();
  if (module === null) return null;
  if (kernels === null || kernels.byteLength > KEPT_BYTES) {
    kernels = null;
    try {
      kernels = new PageKernels(module);
    } catch {
      return null;
    }
  }
  return kernels;
}

/** Lets go of what kernels hold of a column, and of much memory. */
export function releaseKernels(): void {
  kernels?.release();
  if (kernels !== null && kernels.byteLength > KEPT_BYTES) kernels = null;
}
