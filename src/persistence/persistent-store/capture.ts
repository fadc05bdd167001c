import { equalBytes } from "../../columns/utf8.ts";

/** A checked value that nobody else can change: what is mutable is copied. Values may be of another realm. */
export function capture(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value as Uint8Array);
  return new Date(Number(value));
}

/** Whether a column would hold the same for both. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  return a instanceof Uint8Array && b instanceof Uint8Array && equalBytes(a, b);
}
