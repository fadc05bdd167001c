/** A value as text that tells apart whatever the library must tell apart: 1 and 1n, 0 and -0, null and absent. */
export function show(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Date) return `Date ${value.getTime()}`;
  if (value instanceof Uint8Array) return `bytes ${[...value].join(" ")}`;
  return String(value);
}

/** A row, or anything with its fields, as text. */
export function showRow(row: object, fields: readonly string[]): string {
  return fields.map((field) => `${field}: ${show((row as Record<string, unknown>)[field])}`).join(", ");
}
