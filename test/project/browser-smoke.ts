// Runs in a page-like context, bundled (browser.test.ts). No node: import, no test library: it only gives what it saw.
import { enumOf, f64, u64, ValidationError } from "faun";

export function smoke(): Record<string, unknown> {
  const key = u64().key();
  let refusal: unknown;
  try {
    key.key().nullable();
  } catch (error) {
    refusal = error instanceof ValidationError ? error.code : error;
  }
  return {
    kinds: [key, enumOf("A", "B"), f64().nullable()].map((field) => field.type.kind),
    refusal,
  };
}
