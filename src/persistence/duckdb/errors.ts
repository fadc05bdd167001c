import { CorruptDataError, DatabaseError, FaunError, IoError, QueryError } from "../../errors.ts";
import { StorageFullError } from "../storage/storage-full-error.ts";

/** What DuckDB's messages begin with, by kind. Of a commit that failed for its files the engine says so behind that. */
const kindOf = (message: string): string =>
  /^TransactionContext Error: Failed to commit: (IO Error|Could not )/.test(message)
    ? "IO"
    : (/^([A-Za-z ]+?) Error:/.exec(message)?.[1] ?? "");

const NO_ROOM = /No space left on device|Disk quota exceeded|not enough space on the disk/i;

const DAMAGED = /^IO Error: (Corrupt database file|Could not read enough bytes)/;
const NO_DATABASE = /is not a valid DuckDB database file/;

/**
 * What DuckDB threw, as an error of ours; the engine's own message is in it, and the error is its cause.
 * @param what what was being done, for the message
 */
export function databaseError(what: string, cause: unknown): FaunError {
  if (cause instanceof FaunError) return cause;
  const message = (cause instanceof Error ? cause.message : String(cause)).trim();
  switch (kindOf(message)) {
    case "IO": {
      const holder = /Conflicting lock is held in (.*?) \(PID (\d+)\)(?: by user (\S+))?/.exec(message);
      if (DAMAGED.test(message)) return new CorruptDataError(`${what}: ${message}`, { cause });
      if (NO_DATABASE.test(message)) return new DatabaseError(`${what}: ${message}`, { cause });
      if (holder === null) return new (NO_ROOM.test(message) ? StorageFullError : IoError)(`${what}: ${message}`, { cause });
      const [, program, pid, user] = holder;
      return new DatabaseError(
        `${what}: the file is in use by process ${pid} (${program}${user === undefined ? "" : `, user ${user.replace(/\.$/, "")}`}), and DuckDB lets one process write at a time; end it, or open the file with readOnly in both`,
        { cause },
      );
    }
    case "Serialization":
      return new CorruptDataError(`${what}: ${message}`, { cause });
    default:
      return new DatabaseError(`${what}: ${message}`, { cause });
  }
}

/** As `databaseError`, for a query made of a plan: arithmetic that left its range is the question's fault. */
export function planError(what: string, cause: unknown): FaunError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/out of range|overflow/i.test(message)) return new QueryError(`${what}: a value leaves its range: ${message}`, { cause });
  return databaseError(what, cause);
}

/** Whether the engine gave up the whole database: what it was doing may be in the file all the same. */
export const isFatal = (cause: unknown): boolean => cause instanceof Error && /^(FATAL|INTERNAL) Error/i.test(cause.message);

/** Whether a statement failed because somebody interrupted it. */
export const isInterrupt = (cause: unknown): boolean => cause instanceof Error && /^INTERRUPT Error/i.test(cause.message);
