// What the machine's memory gives: a sum in WebAssembly SIMD over nothing but the values, and a copy.
import asc from "assemblyscript/asc";

const SOURCE = `
export function sum(p: usize, end: usize): f64 {
  let a = f64x2.splat(0), b = f64x2.splat(0), c = f64x2.splat(0), d = f64x2.splat(0);
  for (; p < end; p += 64) {
    a = f64x2.add(a, v128.load(p));
    b = f64x2.add(b, v128.load(p, 16));
    c = f64x2.add(c, v128.load(p, 32));
    d = f64x2.add(d, v128.load(p, 48));
  }
  const s = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  return f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
}`;

/** `sum()` over a copy of the values in memory of its own, a multiple of eight of them. */
export async function wasmSum(values) {
  let binary;
  const { error, stderr } = await asc.main(
    [
      "sum.ts",
      "--outFile=sum.wasm",
      "-O3",
      "--noAssert",
      "--runtime=stub",
      "--importMemory",
      "--noExportMemory",
      "--enable=simd",
      "--initialMemory=1",
    ],
    {
      readFile: (name) => (name === "sum.ts" ? SOURCE : null),
      writeFile: (_, contents) => {
        binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(stderr.toString());
  const start = 65_536;
  const count = values.length & ~7;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((start + values.byteLength) / 65_536) });
  new Float64Array(memory.buffer, start, count).set(values.subarray(0, count));
  const { instance } = await WebAssembly.instantiate(binary, { env: { memory } });
  return () => instance.exports.sum(start, start + count * 8);
}
