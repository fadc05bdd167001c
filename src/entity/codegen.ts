/**
 * Code made for one schema. A page may forbid it (Content-Security-Policy without
 * `unsafe-eval`, `node --disallow-code-generation-from-strings`): everything generated has a
 * closure form beside it that passes the same tests.
 */

/** Whether this platform allows code generation from strings. Found out once, by trying. */
export const canGenerate: boolean = (() => {
  try {
    return new Function("return true")() === true;
  } catch {
    return false;
  }
})();

let generated = 0;

/**
 * Runs `body` as a strict function whose parameters are the names of `scope`, and gives what it returns.
 * Call it only where {@link canGenerate}. Whatever of `body` stems from a user must be a checked identifier or
 * the output of JSON.stringify.
 */
export function generate<T>(body: string, scope: Readonly<Record<string, unknown>>): T {
  // Functions of identical source share their type feedback in V8; the number keeps schemas apart.
  const make = new Function(...Object.keys(scope), `"use strict"; /* ${generated++} */ ${body}`) as (...values: unknown[]) => T;
  return make(...Object.values(scope));
}
