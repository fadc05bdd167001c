import { nearest, ValidationError } from "../errors.ts";

/**
 * Refuses what is no object of options, and names that nobody reads: misspelt, an option would silently do nothing.
 * @param of whose options, as the entity of the error
 * @param known every name of an option, which the compiler holds complete
 * @throws ValidationError
 */
export function assertOptions<O extends object>(
  of: string,
  options: unknown,
  known: Readonly<Record<keyof O & string, true>>,
): asserts options is O {
  const names = Object.keys(known);
  if (typeof options !== "object" || options === null)
    throw new ValidationError({ entity: of, value: options, expected: `an object of options: ${names.join(", ")}` });
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue;
    const near = nearest(name, names);
    const hint = near === undefined ? "" : ` (did you mean ${JSON.stringify(near)}?)`;
    throw new ValidationError({ entity: of, field: name, expected: `one of the options ${names.join(", ")}${hint}` });
  }
}
