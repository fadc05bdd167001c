import type { EntityRow } from "../../entity/types.ts";
import { ValidationError } from "../../errors.ts";
import type { SoA } from "../../soa/soa.ts";

/**
 * Columns for a kernel with dictionaries of its own: codes of categories, which mean those of `memory`, as their strings.
 * @throws ValidationError for a code that memory does not have
 */
export function categoryStrings({ schema, codecs }: SoA<EntityRow>, columns: object): object {
  if (typeof columns !== "object" || columns === null) return columns;
  const given = { ...columns } as Record<string, unknown>;
  for (const { dictionary, field } of codecs) {
    const codes = given[field.name];
    if (field.type.kind !== "category" || dictionary === null || !ArrayBuffer.isView(codes)) continue;
    given[field.name] = Array.from(codes as Uint8Array, (code) => {
      if (code < dictionary.size) return dictionary.values[code];
      const expected = `codes below ${dictionary.size}, the number of its values`;
      throw new ValidationError({ entity: schema.name, field: field.name, value: code, expected });
    });
  }
  return given;
}
