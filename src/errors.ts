/**
 * The error tree. Everything the library throws is a {@link FaunError} with a
 * stable `code`; messages may be reworded between versions, codes are not.
 */

export type FaunErrorCode =
  | "VALIDATION"
  | "DUPLICATE_KEY"
  | "KEY_NOT_FOUND"
  | "ROW_GONE"
  | "SCHEMA_MISMATCH"
  | "COLUMN_NOT_FOUND"
  | "TYPE_CONVERSION"
  | "QUERY"
  | "ARROW"
  | "IO"
  | "SERIALIZATION"
  | "DATABASE"
  | "CORRUPT_DATA"
  | "CONFLICT"
  | "UNSUPPORTED";

/** Root of the tree. `code` is stable across versions. */
export abstract class FaunError extends Error {
  abstract readonly code: FaunErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

export interface ValidationDetails {
  /** Name of the entity, as declared. */
  entity: string;
  /** Name of the field, where one is to blame. */
  field?: string | undefined;
  /** The value that was refused. */
  value?: unknown;
  /** What would have been right, in words. */
  expected: string;
}

/** A value, a row or a declaration that breaks what the entity declares. Nothing was stored. */
export class ValidationError extends FaunError {
  readonly code = "VALIDATION";
  readonly entity: string;
  readonly field: string | undefined;
  readonly value: unknown;
  readonly expected: string;

  constructor(details: ValidationDetails, options?: ErrorOptions) {
    const place = details.field === undefined ? details.entity : `${details.entity}.${details.field}`;
    const got = "value" in details ? `, got ${describeValue(details.value)}` : "";
    super(`${place}: expected ${details.expected}${got}`, options);
    this.entity = details.entity;
    this.field = details.field;
    this.value = details.value;
    this.expected = details.expected;
  }
}

/** A row with this key is there already. Nothing was stored. */
export class DuplicateKeyError extends FaunError {
  readonly code = "DUPLICATE_KEY";

  constructor(
    readonly entity: string,
    readonly field: string,
    readonly key: unknown,
  ) {
    super(
      `${entity}.${field}: a row with key ${describeValue(key)} exists already; use upsert() to replace it or update() to change it`,
    );
  }
}

/** No row has this key. */
export class KeyNotFoundError extends FaunError {
  readonly code = "KEY_NOT_FOUND";

  constructor(
    readonly entity: string,
    readonly field: string,
    readonly key: unknown,
  ) {
    super(`${entity}.${field}: no row has key ${describeValue(key)}`);
  }
}

/** A view or iterator outlived its row: it was deleted, or the store was compacted or cleared. */
export class RowGoneError extends FaunError {
  readonly code = "ROW_GONE";

  constructor(
    readonly entity: string,
    reason: string,
  ) {
    super(`${entity}: ${reason}; take the row again from its store`);
  }
}

/** Data or a store of another shape than the entity's. */
export class SchemaMismatchError extends FaunError {
  readonly code = "SCHEMA_MISMATCH";

  constructor(
    readonly entity: string,
    readonly expected: string,
    readonly found: string,
    options?: ErrorOptions,
  ) {
    super(`${entity}: expected ${expected}, found ${found}`, options);
  }
}

/** No column of that name. */
export class ColumnNotFoundError extends FaunError {
  readonly code = "COLUMN_NOT_FOUND";

  constructor(
    readonly entity: string,
    readonly columnName: string,
    readonly available: readonly string[],
  ) {
    const near = nearest(columnName, available);
    super(
      `${entity}: there is no column ${JSON.stringify(columnName)}${near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`} (columns: ${available.join(", ")})`,
    );
  }
}

/** A value of a foreign column that this field's type cannot hold without loss. */
export class TypeConversionError extends FaunError {
  readonly code = "TYPE_CONVERSION";

  constructor(
    readonly entity: string,
    readonly columnName: string,
    readonly from: string,
    readonly to: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${entity}: column ${JSON.stringify(columnName)} of type ${from} cannot become ${to}: ${reason}`, options);
  }
}

/** A query that cannot be answered as asked. */
export class QueryError extends FaunError {
  readonly code = "QUERY";
}

/** Arrow data that is broken or of a form that is not understood. */
export class ArrowError extends FaunError {
  readonly code = "ARROW";
}

/** The storage below failed. `outcome` tells whether the change may have been made all the same. */
export class IoError extends FaunError {
  readonly code = "IO";
  readonly outcome: "failed" | "unknown";

  constructor(message: string, options?: ErrorOptions & { outcome?: "failed" | "unknown" }) {
    super(message, options);
    this.outcome = options?.outcome ?? "failed";
  }
}

/** Text or JSON that does not describe what it should. */
export class SerializationError extends FaunError {
  readonly code = "SERIALIZATION";
}

/** A database engine refused or failed. */
export class DatabaseError extends FaunError {
  readonly code = "DATABASE";
}

/** Stored bytes are not what was written. */
export class CorruptDataError extends FaunError {
  readonly code = "CORRUPT_DATA";
}

/** Something else changed first, or a change on which this one stood was refused. */
export class ConflictError extends FaunError {
  readonly code = "CONFLICT";
}

/** This backend, store or platform cannot do that. */
export class UnsupportedError extends FaunError {
  readonly code = "UNSUPPORTED";
}

/** A value as an error message shows it: its type is visible and it is never long. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "undefined":
    case "boolean":
      return String(value);
    case "function":
      return `function ${value.name || "(anonymous)"}`;
    case "symbol":
      return value.toString();
  }
  if (value === null) return "null";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : `Date ${value.toISOString()}`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${value.byteLength} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const name = (value as { constructor?: { name?: string } }).constructor?.name;
  return name && name !== "Object" ? `an object of class ${name}` : "an object";
}

/** The candidate closest to `name` by edit distance, if it is close enough to be a likely slip. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(normalise(name), normalise(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

const normalise = (name: string) => name.replaceAll("_", "").toLowerCase();

/** Levenshtein distance, O(|a|·|b|) time and O(|b|) memory. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
