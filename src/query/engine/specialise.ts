import { canGenerate, generate } from "../../entity/codegen.ts";

/**
 * A kernel is a loop over typed arrays in a function that refers to nothing outside itself. V8 makes it fast only
 * while it sees one type of array, so each type and operator gets a copy of its own, made from the function's own
 * source. Where code generation is forbidden all share the original: same answers, slower.
 */
export function specialise<K extends (...args: never[]) => unknown>(kernel: K): K {
  return canGenerate ? generate<K>(`return (${kernel.toString()});`, {}) : kernel;
}

/** Copies of `kernel` by the name of what they are for, made as they are asked for. */
export function kernelFamily<K extends (...args: never[]) => unknown>(kernel: K): (variant: string) => K {
  const copies = new Map<string, K>();
  return (variant) => {
    let copy = copies.get(variant);
    if (copy === undefined) {
      copy = specialise(kernel);
      copies.set(variant, copy);
    }
    return copy;
  };
}
