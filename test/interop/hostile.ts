import { readFileSync } from "node:fs";

/** A file from outside that is broken, made to do harm, or odd, and what is to come of it. */
export interface Hostile {
  readonly what: string;
  readonly file: Uint8Array;
  /** Name of the column that is read; "x" by default. */
  readonly column?: string;
  /** What it is read into; an i32 by default. */
  readonly field?: unknown;
  /** The error's class, and how its message goes on behind the file's name. */
  readonly refused?: string;
  readonly values?: readonly unknown[];
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A file of test/interop/fixtures. */
export const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));
