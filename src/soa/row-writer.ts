import type { Codec } from "../columns/codec.ts";
import type { Column } from "../columns/column.ts";
import { canGenerate, generate } from "../entity/codegen.ts";
import type { EntitySchema } from "../entity/schema.ts";
import { unknownField } from "../entity/validation.ts";
import { ValidationError } from "../errors.ts";

/**
 * Validates an object and appends its values as row `at` of the columns. Throws ValidationError;
 * then what it wrote lies behind the last row, where nobody looks.
 */
export type RowWriter = (columns: Column[], at: number, row: unknown) => void;

type Instance = abstract new (...args: never[]) => object;

export function rowWriter(schema: EntitySchema, codecs: readonly Codec[], entity: Instance): RowWriter {
  const refuse = (row: unknown): never => {
    throw new ValidationError({ entity: schema.name, value: row, expected: "an object with the entity's fields" });
  };
  /** Position after the field `name`; throws where it is none. */
  const follow = (name: string): number => {
    if (!schema.has(name)) throw unknownField(schema, name);
    return schema.field(name).index + 1;
  };
  return canGenerate ? generated(codecs, entity, refuse, follow) : closed(codecs, entity, refuse, follow);
}

function generated(
  codecs: readonly Codec[],
  entity: Instance,
  refuse: (row: unknown) => never,
  follow: (name: string) => number,
): RowWriter {
  const scope: Record<string, unknown> = { entity, refuse, follow, names: codecs.map((codec) => codec.field.name) };
  const bind = (value: unknown): string => {
    const name = `bound${Object.keys(scope).length}`;
    scope[name] = value;
    return name;
  };
  const steps = codecs.map((codec, i) => {
    const take = bind((value: unknown) => codec.take(value));
    const read = `const column = columns[${i}]; let value = row.${codec.field.name};`;
    const store = codec.storeSource("column", "at", "value", take, bind);
    if (store === null) return `{ ${read} ${bind(codec)}.append(column, at, ${take}(value)); }`;
    if (!codec.field.nullable) return `{ ${read} ${store} }`;
    return (
      `{ ${read} if (value === null || value === undefined) value = ${take}(value); ` +
      `if (value === null) ${bind(codec)}.append(column, at, null); else { ${store} column.markValid(at); } }`
    );
  });
  const body = `
return function writeRow(columns, at, row) {
  if (typeof row !== "object" || row === null) refuse(row);
  if (!(row instanceof entity)) {
    let i = 0;
    for (const name in row) { if (name === names[i]) i++; else i = follow(name); }
  }
  ${steps.join("\n  ")}
};`;
  return generate<RowWriter>(body, scope);
}

function closed(
  codecs: readonly Codec[],
  entity: Instance,
  refuse: (row: unknown) => never,
  follow: (name: string) => number,
): RowWriter {
  const names = codecs.map((codec) => codec.field.name);
  return (columns, at, row) => {
    if (typeof row !== "object" || row === null) refuse(row);
    const values = row as Record<string, unknown>;
    if (!(row instanceof entity)) {
      let i = 0;
      for (const name in values) i = name === names[i] ? i + 1 : follow(name);
    }
    for (let i = 0; i < codecs.length; i++) codecs[i].append(columns[i], at, codecs[i].take(values[names[i]]));
  };
}
