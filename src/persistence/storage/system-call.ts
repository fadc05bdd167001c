import { IoError } from "../../errors.ts";
import type { FileHandle } from "./file-system.ts";
import { StorageFullError } from "./storage-full-error.ts";

/** The code of a system error, such as ENOENT. */
export function codeOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}

/** How often a call that a signal interrupted is made again. */
const ATTEMPTS = 10;

/** Makes a call again that was interrupted. Not for sync, close and rename, of which it is not known what they did. */
export async function patiently<R>(call: () => Promise<R>): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const code = codeOf(error);
      if ((code !== "EINTR" && code !== "EAGAIN") || attempt === ATTEMPTS) throw error;
    }
  }
}

/** No space on the device; none left of a quota. A browser has a name for it instead. */
const FULL: readonly string[] = ["ENOSPC", "EDQUOT"];

/** @throws IoError naming the operation and the path */
export async function doing<R>(what: string, path: string, run: () => Promise<R>): Promise<R> {
  try {
    return await run();
  } catch (cause) {
    throw failure(what, path, cause);
  }
}

export function failure(what: string, path: string, cause: unknown, outcome: "failed" | "unknown" = "failed"): IoError {
  if (cause instanceof IoError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  if (FULL.includes(codeOf(cause)) || (cause instanceof Error && cause.name === "QuotaExceededError"))
    return new StorageFullError(`cannot ${what} ${path}: there is no room left; make some, and try again (${why})`, {
      cause,
      outcome,
    });
  return new IoError(`cannot ${what} ${path}: ${why}`, { cause, outcome });
}

export async function closeQuietly(handle: Pick<FileHandle, "close">): Promise<void> {
  try {
    await handle.close();
  } catch {}
}
