import { type FaunError, SerializationError, UnsupportedError } from "../../errors.ts";
import type { Problem } from "./report.ts";

/** A refusal of the library as what it says about the files. */
export function problemOf(error: FaunError): Problem {
  const unjudged = error instanceof UnsupportedError || error instanceof SerializationError;
  return { kind: unjudged ? "unjudged" : "damage", message: error.message };
}
