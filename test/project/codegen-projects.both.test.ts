import { expect, inject, test } from "vitest";

// The proof that `*.both.test.ts` really runs both ways: without it, the closure paths could go untested unnoticed.
test(`code generation from strings is ${inject("codegen")} in this project`, () => {
  const generate = () => new Function("return 1")() as number;
  if (inject("codegen") === "allowed") expect(generate()).toBe(1);
  else expect(generate).toThrow(EvalError);
});
