import { ValidationError } from "../../errors.ts";

/** `file:/…`, `s3://…`: to a file system that is a folder called "file:". */
const URL_LIKE = /^(?:file:|[a-z][a-z\d+.-]+:\/\/)/i;

/**
 * Refuses what no file system could take for a path, and what it would take for another than was meant.
 * @throws ValidationError
 */
export function assertPath(entity: string, field: string | undefined, path: unknown, expected: string): asserts path is string {
  if (typeof path === "string" && path !== "" && !path.includes("\0") && !URL_LIKE.test(path)) return;
  const isUrl = path instanceof URL || (typeof path === "string" && URL_LIKE.test(path));
  const hint = isUrl ? ", not a URL (fileURLToPath() of node:url makes a path of one)" : "";
  throw new ValidationError({ entity, ...(field === undefined ? {} : { field }), value: path, expected: expected + hint });
}
