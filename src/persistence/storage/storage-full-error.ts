import { IoError } from "../../errors.ts";

/**
 * There is no room left where rows are stored, or no more of it allowed. What was stored before is there; the call that
 * failed stored nothing, unless its `outcome` says "unknown". Once there is room, calls work again.
 */
export class StorageFullError extends IoError {}

/** An IoError, of the kind that its cause is. */
export function ioError(message: string, options: { readonly cause: unknown; readonly outcome?: IoError["outcome"] }): IoError {
  return options.cause instanceof StorageFullError ? new StorageFullError(message, options) : new IoError(message, options);
}
