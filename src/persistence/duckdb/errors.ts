import { CorruptDataError, DatabaseError, FaunError, IoError, QueryError } from "../../errors.ts";

/** What DuckDB's messages begin with, by kind. */
const kindOf = (message: string): string => /^([A-Za-z ]+?) Error:/.exec(message)?.[1] ?? "";

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
      if (holder === null) return new IoError(`${what}: ${message}`, { cause });
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

/** Whether a statement failed because somebody interrupted it. */
export const isInterrupt = (cause: unknown): boolean => cause instanceof Error && /^INTERRUPT Error/i.test(cause.message);
