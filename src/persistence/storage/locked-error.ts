import { ConflictError } from "../../errors.ts";

/** Who holds a lock. What is not known is undefined. */
export interface LockHolder {
  readonly pid: number | undefined;
  readonly host: string | undefined;
  readonly since: Date | undefined;
}

/** Another writer has the storage; it may be one of this process. */
export class LockedError extends ConflictError {
  readonly holder: LockHolder;

  /** @param place what is locked */
  constructor(place: string, holder: LockHolder) {
    const { pid, host, since } = holder;
    const who = pid === undefined ? "another writer" : `process ${pid}${host === undefined ? "" : ` on ${host}`}`;
    const when = since === undefined ? "" : ` since ${since.toISOString()}`;
    super(`${place} is being written to by ${who}${when}; it can be read meanwhile, and written to once that writer closes it`);
    this.holder = holder;
  }
}
