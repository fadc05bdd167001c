import { ValidationError } from "../errors.ts";
import { canGenerate, generate } from "./codegen.ts";
import { inlineCheck } from "./inline-check.ts";
import type { EntitySchema, FieldSpec } from "./schema.ts";
import { absentValue, normaliser, unknownField } from "./validation.ts";
import { ViewToken } from "./view-token.ts";

type Values = Record<string, unknown>;
type Class = abstract new (init: never) => object;

/** What the constructor does, apart from putting the values on `this`. */
interface Parts {
  /** Throws where an accessor or method of `target` or a class between it and `base` hides a field. */
  checkClass(target: Class, base: Class): void;
  refuse(init: unknown): never;
  /** Position after the field `name` in the declaration; throws where it is no field. */
  follow(name: string): number;
  /** Per field: the value held for one that was given, or absent. */
  resolve: ((value: unknown) => unknown)[];
}

/**
 * The class whose constructor validates: it gives an instance one enumerable data property per
 * field, in the order of declaration. With a {@link ViewToken} it returns what the token makes.
 */
export function constructorOf(schema: EntitySchema): new (init: unknown) => object {
  const parts: Parts = {
    checkClass: (target, base) => refuseHidden(schema, target, base),
    refuse: (value) => {
      throw new ValidationError({ entity: schema.name, value, expected: "an object with the entity's fields" });
    },
    follow: (name) => {
      if (!schema.has(name)) throw unknownField(schema, name);
      return schema.field(name).index + 1;
    },
    resolve: schema.fields.map((field) => resolver(schema, field)),
  };
  return canGenerate ? generated(schema, parts) : closed(schema, parts);
}

function resolver(schema: EntitySchema, field: FieldSpec): (value: unknown) => unknown {
  const normalise = normaliser(schema, field);
  const absent = absentValue(schema, field);
  return (value) => (value === undefined ? absent() : normalise(value));
}

/**
 * One assignment to `this` per field in the constructor itself, so that V8 sizes the object for
 * them, and the common case of each check inlined. Names are checked identifiers (declaration.ts).
 */
function generated(schema: EntitySchema, parts: Parts): new (init: unknown) => object {
  const assignments = schema.fields.map((field, i) => {
    const check = inlineCheck(field.type, "v");
    const value = check === null ? `resolve${i}(v)` : `${check.when} ? ${check.value} : resolve${i}(v)`;
    return `v = init.${field.name}; this.${field.name} = ${value};`;
  });
  const body = `
let checked;
return class Base {
  constructor(init) {
    if (init instanceof ViewToken) return init.create();
    if (new.target !== checked) { checkClass(new.target, Base); checked = new.target; }
    if (typeof init !== "object" || init === null || isArray(init)) refuse(init);
    if (!(init instanceof Base)) {
      let i = 0;
      for (const name in init) { if (name === names[i]) i++; else i = follow(name); }
    }
    let v;
    ${assignments.join("\n    ")}
  }
};`;
  const scope: Record<string, unknown> = {
    ViewToken,
    checkClass: parts.checkClass,
    refuse: parts.refuse,
    follow: parts.follow,
    isArray: Array.isArray,
    names: schema.fields.map((field) => field.name),
  };
  parts.resolve.forEach((resolve, i) => {
    scope[`resolve${i}`] = resolve;
  });
  return generate(body, scope);
}

/** The same without generated code. */
function closed(schema: EntitySchema, parts: Parts): new (init: unknown) => object {
  const names = schema.fields.map((field) => field.name);
  const { resolve } = parts;
  let checked: Class | undefined;
  return class Base {
    constructor(init: unknown) {
      // biome-ignore lint/correctness/noConstructorReturn: the view takes the place of `this`; see ViewToken
      if (init instanceof ViewToken) return init.create();
      if (new.target !== checked) {
        parts.checkClass(new.target, Base);
        checked = new.target;
      }
      if (typeof init !== "object" || init === null || Array.isArray(init)) parts.refuse(init);
      if (!(init instanceof Base)) {
        let at = 0;
        for (const name in init as Values) at = name === names[at] ? at + 1 : parts.follow(name);
      }
      for (let i = 0; i < names.length; i++) {
        (this as Values)[names[i]] = resolve[i]((init as Values)[names[i]]);
      }
    }
  };
}

function refuseHidden(schema: EntitySchema, target: Class, base: Class): void {
  for (let prototype = target.prototype as object; prototype !== base.prototype; prototype = Object.getPrototypeOf(prototype)) {
    for (const { name } of schema.fields) {
      if (!Object.hasOwn(prototype, name)) continue;
      const owner = (prototype.constructor as Class).name;
      throw new ValidationError({
        entity: schema.name,
        field: name,
        expected: `no accessor or method of this name in class ${owner}, as it hides the column`,
      });
    }
  }
}
