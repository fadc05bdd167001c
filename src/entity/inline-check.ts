import type { FieldType } from "./field-type.ts";
import { INT_RANGE } from "./validation.ts";

/** Enum values compared one by one in generated code; beyond, a Set is quicker. */
const COMPARED = 8;

/** An expression that holds for (most) valid values, and one for what is then held. */
export interface InlineCheck {
  when: string;
  value: string;
}

/**
 * The common case of a field's validation as source code over the variable `v`, or null where it is
 * too long for that. A value for which `when` fails may still be valid: the normaliser decides.
 */
export function inlineCheck(type: FieldType, v: string): InlineCheck | null {
  switch (type.kind) {
    case "bool":
      return { when: `typeof ${v} === "boolean"`, value: v };
    case "f64":
      return { when: `typeof ${v} === "number"`, value: v };
    case "utf8":
    case "category":
      return { when: `typeof ${v} === "string" && ${v}.isWellFormed()`, value: v };
    case "enum":
      if (type.values.length > COMPARED) return null;
      return { when: type.values.map((value) => `${v} === ${JSON.stringify(value)}`).join(" || "), value: v };
    case "u64":
    case "i64":
      if (type.mode === "number") return safeInteger(v, type.kind === "u64" ? 0 : Number.MIN_SAFE_INTEGER);
      return int64(v, type.kind === "u64" ? "asUintN" : "asIntN");
    case "timestamp":
      if (type.mode === "number") return safeInteger(v, Number.MIN_SAFE_INTEGER);
      if (type.mode === "bigint") return int64(v, "asIntN");
      if (type.unit !== "ms") return null;
      return { when: `${v} instanceof Date && !Number.isNaN(${v}.getTime())`, value: v };
    case "f32":
    case "binary":
    case "date":
    case "decimal":
      return null;
    default: {
      const [min, max] = INT_RANGE[type.kind];
      // Adding 0 turns -0 into 0.
      return {
        when: `typeof ${v} === "number" && ${v} >= ${min} && ${v} <= ${max} && Math.floor(${v}) === ${v}`,
        value: `${v} + 0`,
      };
    }
  }
}

const int64 = (v: string, wrap: "asUintN" | "asIntN"): InlineCheck => ({
  when: `typeof ${v} === "bigint" && BigInt.${wrap}(64, ${v}) === ${v}`,
  value: v,
});

const safeInteger = (v: string, min: number): InlineCheck => ({
  when: `Number.isSafeInteger(${v}) && ${v} >= ${min}`,
  value: `${v} + 0`,
});
