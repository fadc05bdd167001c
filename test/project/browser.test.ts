import { createContext, runInContext } from "node:vm";
import { expect, test } from "vitest";
import { bundleForBrowser } from "./bundle.ts";

/** The globals that pages and workers have and the language alone has not. Nothing of Node's. */
const webGlobals = () => ({
  AbortController,
  AbortSignal,
  Blob,
  clearTimeout,
  console,
  crypto,
  Event,
  EventTarget,
  performance,
  queueMicrotask,
  ReadableStream,
  Response,
  setTimeout,
  structuredClone,
  TextDecoder,
  TextEncoder,
  TransformStream,
  URL,
  WritableStream,
});

/**
 * What of these Node does otherwise than a page: the arrays that TextEncoder gives are of the page's own realm, and
 * TextDecoder refuses shared memory.
 */
const asInPage = `
  globalThis.self = globalThis.window = globalThis;
  {
    const Encoder = TextEncoder;
    const Decoder = TextDecoder;
    globalThis.TextEncoder = class TextEncoder {
      #encoder = new Encoder();
      encode(text) { return new Uint8Array(this.#encoder.encode(text)); }
      encodeInto(text, bytes) { return this.#encoder.encodeInto(text, bytes); }
    };
    globalThis.TextDecoder = class TextDecoder extends Decoder {
      decode(bytes, options) {
        if ((bytes?.buffer ?? bytes) instanceof SharedArrayBuffer) throw new TypeError("the bytes must not be shared");
        return super.decode(bytes, options);
      }
    };
  }`;

/** Runs the exported function `smoke` of a bundled script where there are only web globals. */
async function runInPage(script: string, options: { codegen: boolean }): Promise<unknown> {
  const context = createContext(webGlobals(), { codeGeneration: { strings: options.codegen, wasm: true } });
  runInContext(asInPage, context);
  runInContext(script, context);
  return JSON.parse((await runInContext("(async () => JSON.stringify(await bundle.smoke()))()", context)) as string);
}

test("the page-like context has nothing of Node's", async () => {
  const script =
    "var bundle = { smoke: () => [typeof process, typeof Buffer, typeof require, typeof global, typeof setImmediate] };";
  expect(await runInPage(script, { codegen: true })).toEqual(Array(5).fill("undefined"));
});

test("its content security policy is real", async () => {
  const script = "var bundle = { smoke: () => { try { return Function('return 1')() } catch (e) { return e.name } } };";
  expect(await runInPage(script, { codegen: true })).toBe(1);
  expect(await runInPage(script, { codegen: false })).toBe("EvalError");
});

test("its text codecs behave as a page's", async () => {
  const script = `var bundle = { smoke() {
    const bytes = new TextEncoder().encode("é");
    let refusal;
    try { new TextDecoder().decode(new Uint8Array(new SharedArrayBuffer(1))) } catch (e) { refusal = e.name }
    return [bytes instanceof Uint8Array, new TextDecoder().decode(bytes), refusal];
  } };`;
  expect(await runInPage(script, { codegen: true })).toEqual([true, "é", "TypeError"]);
});

test.each([
  ["", true],
  [" whose policy forbids code from strings", false],
])("Faun runs bundled in a page%s", async (_, codegen) => {
  const script = await bundleForBrowser("test/project/browser-smoke.ts");
  expect(script).not.toMatch(/["']node:/);
  const store = {
    ship: "Shipped",
    note: "note 🦌 number 7, longer than what a loop decodes",
    arrow: "note 🦌 number 7, longer than what a loop decodes",
    city: "東京",
    sizes: [999, 1000, 999],
    json: JSON.stringify({
      orderId: "1",
      totalAmount: 0.5,
      status: "Pending",
      city: "Łódź",
      note: "note 🦌 number 1, longer than what a loop decodes",
      seal: "AQ==",
      placed: "2023-11-14T22:13:20.001Z",
    }),
    delivered: ["0", "2", "4", "6"],
    revenue: [
      { status: "Pending", revenue: 124_996.5 },
      { status: "Shipped", revenue: 3.5 },
      { status: "Delivered", revenue: 124_746 },
    ],
    refusal: "VALIDATION",
  };
  expect(await runInPage(script, { codegen })).toEqual({
    heap: store,
    shared: store,
    sharded: [1000, 499.5],
    persistent: [1000, "Shipped"],
  });
});
