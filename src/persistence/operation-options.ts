import { assertOptions } from "../entity/options.ts";
import { ValidationError } from "../errors.ts";
import type { OperationOptions } from "./backend.ts";

const KNOWN = { signal: true, onProgress: true } as const;

/**
 * Refuses options of a call that it could not go by, before anything is done.
 * @param entity whose rows the call is about
 * @param others names of options that the call has besides
 * @throws ValidationError
 */
export function assertOperationOptions(
  entity: string,
  options: OperationOptions | undefined,
  others: Readonly<Record<string, true>> = {},
): void {
  if (options === undefined) return;
  const of = `${entity}: options`;
  assertOptions<OperationOptions>(of, options, { ...KNOWN, ...others });
  const { signal, onProgress } = options;
  assertSignal(of, signal);
  if (onProgress != null && typeof onProgress !== "function")
    throw new ValidationError({ entity: of, field: "onProgress", value: onProgress, expected: "a function" });
}

/** @param of whose option it is, as the entity of the error. @throws ValidationError for what could not end a call */
export function assertSignal(of: string, signal: AbortSignal | null | undefined): void {
  // By what it can do: a page's frames have AbortSignals of their own.
  if (signal != null && (typeof signal.throwIfAborted !== "function" || typeof signal.addEventListener !== "function"))
    throw new ValidationError({ entity: of, field: "signal", value: signal, expected: "an AbortSignal" });
}
