import { UnsupportedError } from "../../errors.ts";

/**
 * A module of Node's own, found at run time so that what imports this file can still be bundled for a page.
 * @param wanted what needs it, for the message
 * @throws UnsupportedError where there is no such module, as in a page
 */
export function nodeBuiltin<M>(name: string, wanted: string): M {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  const found = process?.getBuiltinModule?.(name);
  if (found === undefined) throw new UnsupportedError(`${wanted} needs ${name}, which this platform does not have`);
  return found as M;
}
