import { readFileSync } from "node:fs";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { decompress as zstdDecompress } from "@bokuweb/zstd-wasm";
import fc from "fast-check";
import { gunzipSync as fflateGunzip } from "fflate";
import { compressors } from "hyparquet-compressors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { wasmModuleText } from "../../../scripts/build-wasm.mjs";
import { CorruptDataError, UnsupportedError, ValidationError } from "../../../src/errors.ts";
import { openedPage, type PageCodec, type PageCodecName } from "../../../src/persistence/parquet/codecs/codec.ts";
import { loadCodec } from "../../../src/persistence/parquet/codecs/load-codec.ts";
import { missingPackage } from "../../../src/persistence/parquet/codecs/platform.ts";

// brotli-wasm's build for pages fetches its module; Node's fetch reads no files.
const { fetch } = globalThis;
beforeAll(() => {
  globalThis.fetch = (async (url: URL | string) =>
    new Response(readFileSync(new URL(String(url))), { headers: { "Content-Type": "application/wasm" } })) as typeof fetch;
});
afterAll(() => {
  globalThis.fetch = fetch;
});

const NAMES: PageCodecName[] = ["uncompressed", "snappy", "zstd", "gzip", "lz4", "brotli"];

/** Each codec as Node has it, and as a page has it. */
const CODECS = [
  ...NAMES.map((name) => ({ name, where: "Node", load: () => loadCodec(name) })),
  ...(["zstd", "gzip", "brotli"] as const).map((name) => ({ name, where: "a page", load: () => loadCodec(name, {}, null) })),
];

/** Bytes with the repetitions and the noise that pages have. */
const pages = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 4000 })).map(([part, times]) => {
    const bytes = new Uint8Array(part.length * times);
    for (let i = 0; i < times; i++) bytes.set(part, i * part.length);
    return bytes;
  }),
  fc
    .tuple(fc.integer(), fc.integer({ min: 0, max: 200_000 }), fc.integer({ min: 1, max: 255 }))
    .map(([seed, length, symbols]) => {
      let x = seed | 1;
      return Uint8Array.from({ length }, (_, i) => {
        x = Math.imul(x, 1_664_525) + 1_013_904_223;
        return i % 97 === 0 ? x >>> 24 : (x >>> 16) % symbols;
      });
    }),
);

const same = (a: Uint8Array, b: Uint8Array) => a.length === b.length && Buffer.compare(a, b) === 0;

describe.each(CODECS)("$name in $where", ({ name, load }) => {
  let codec: PageCodec;
  beforeAll(async () => {
    codec = await load();
  });

  test("gives back what it compressed, and others read it", async () => {
    const other = oracle(name);
    fc.assert(
      fc.property(pages, (page) => {
        const bytes = codec.compress(page);
        expect(same(codec.decompress(bytes, page.length), page)).toBe(true);
        expect(same(openedPage(codec, bytes, page.length), page)).toBe(true);
        if (page.length > 0) expect(same(other(bytes, page.length), page)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test("takes pages of a megabyte that compress well, that do not, and none at all", () => {
    const random = new Uint8Array(1 << 20);
    let x = 1;
    for (let i = 0; i < random.length; i++) {
      x = (x * 48_271) % 0x7fffffff;
      random[i] = x >>> 7;
    }
    for (const page of [new Uint8Array(1 << 20), random, new Uint8Array(0)]) {
      const bytes = codec.compress(page);
      expect(same(codec.decompress(bytes, page.length), page)).toBe(true);
    }
  });

  test("refuses a page of another size than it should have", () => {
    for (const length of [1, 1000, 100_000]) {
      const bytes = codec.compress(new Uint8Array(length));
      for (const size of [0, length - 1, length + 1, length * 2 + 10, 2 ** 31 - 1])
        if (size !== length) expect(() => codec.decompress(bytes, size)).toThrow(CorruptDataError);
    }
  });

  test("gives the page's size or an error for damaged pages, and works on afterwards", () => {
    const page = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) >>> 5);
    const bytes = codec.compress(page);
    const damaged = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }))
        .map(([at, flip]) => bytes.map((b, i) => (i === at ? b ^ flip : b))),
      fc.nat(bytes.length - 1).map((end) => bytes.subarray(0, end)),
    );
    fc.assert(
      fc.property(damaged, (input) => {
        try {
          expect(codec.decompress(input, page.length).length).toBe(page.length);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptDataError);
        }
      }),
      { numRuns: 300 },
    );
    expect(same(codec.decompress(bytes, page.length), page)).toBe(true);
  });

  test("reads and writes views of shared memory", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(3000), 100, 2000).fill(7);
    const bytes = codec.compress(shared);
    const sharedBytes = new Uint8Array(new SharedArrayBuffer(bytes.length));
    sharedBytes.set(bytes);
    expect(same(codec.decompress(sharedBytes, 2000), shared)).toBe(true);
  });
});

/** Another implementation of the same format. */
function oracle(name: PageCodecName): (bytes: Uint8Array, size: number) => Uint8Array {
  const zstd = (bytes: Uint8Array, size: number) => zstdDecompress(bytes, { defaultHeapSize: size });
  switch (name) {
    case "snappy":
      return (bytes, size) => compressors.SNAPPY!(bytes, size);
    case "lz4":
      return (bytes, size) => compressors.LZ4_RAW!(bytes, size);
    case "gzip":
      return (bytes) => (gunzipSync(bytes).length === fflateGunzip(bytes).length ? gunzipSync(bytes) : new Uint8Array(0));
    case "brotli":
      return (bytes) => brotliDecompressSync(bytes);
    case "zstd":
      return zstd;
    default:
      return (bytes) => bytes;
  }
}

describe("blocks", () => {
  test("are compiled from their source as it is", async () => {
    const path = "src/persistence/parquet/codecs/wasm-module.ts";
    expect(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8")).toBe(await wasmModuleText(path));
  });

  test("never give what was in memory before: copies reach back to the page's begin at most", async () => {
    const [snappy, lz4] = [await loadCodec("snappy"), await loadCodec("lz4")];
    for (const codec of [snappy, lz4]) codec.decompress(codec.compress(new Uint8Array(1000).fill(0xaa)), 1000);
    // A literal of one byte, then 10 bytes from 2 before.
    expect(() => snappy.decompress(Uint8Array.of(11, 0, 1, (9 << 2) | 2, 2, 0), 11)).toThrow(CorruptDataError);
    expect(() => lz4.decompress(Uint8Array.of(0x16, 1, 2, 0, 0), 11)).toThrow(CorruptDataError);
    expect([...snappy.decompress(Uint8Array.of(11, 0, 1, (9 << 2) | 2, 1, 0), 11)]).toEqual(Array(11).fill(1));
  });

  test("return the memory of a large page", async () => {
    const snappy = await loadCodec("snappy");
    const page = new Uint8Array(40 << 20);
    page[page.length - 1] = 1;
    expect(same(snappy.decompress(snappy.compress(page), page.length), page)).toBe(true);
    expect(snappy.decompress(snappy.compress(Uint8Array.of(1)), 1)).toEqual(Uint8Array.of(1));
  });

  test("of Parquet's deprecated LZ4 are read framed, in parts and bare", async () => {
    const [lz4, hadoop] = [await loadCodec("lz4"), await loadCodec("lz4_hadoop")];
    const page = Uint8Array.from({ length: 3000 }, (_, i) => i >>> 4);
    const frame = (part: Uint8Array): number[] => {
      const block = lz4.compress(part);
      const sizes = new DataView(new ArrayBuffer(8));
      sizes.setUint32(0, part.length);
      sizes.setUint32(4, block.length);
      return [...new Uint8Array(sizes.buffer), ...block];
    };
    const whole = Uint8Array.from(frame(page));
    const parts = Uint8Array.from([...frame(page.subarray(0, 1000)), ...frame(page.subarray(1000))]);
    for (const bytes of [whole, parts, lz4.compress(page)]) expect(same(hadoop.decompress(bytes, 3000), page)).toBe(true);
    expect(() => hadoop.decompress(whole.subarray(0, -1), 3000)).toThrow(CorruptDataError);
    expect(() => hadoop.compress(page)).toThrow(UnsupportedError);
  });
});

describe("loadCodec", () => {
  test("takes the levels that there are", async () => {
    const page = Uint8Array.from({ length: 20_000 }, (_, i) => Math.imul(i, i) >>> 9);
    for (const [name, low, high] of [
      ["zstd", 1, 19],
      ["gzip", 1, 9],
      ["brotli", 1, 9],
    ] as const) {
      const [least, most] = [await loadCodec(name, { level: low }), await loadCodec(name, { level: high })];
      expect(most.compress(page).length).toBeLessThan(least.compress(page).length);
      await expect(loadCodec(name, { level: 100 })).rejects.toThrow(ValidationError);
      await expect(loadCodec(name, { level: 1.5 })).rejects.toThrow(ValidationError);
    }
    await expect(loadCodec("snappy", { level: 1 })).rejects.toThrow("expected no level");
  });

  test("gives codecs that work side by side, however often it is called", async () => {
    const page = Uint8Array.from({ length: 20_000 }, (_, i) => Math.imul(i, i) >>> 9);
    for (const name of NAMES) {
      const codecs = await Promise.all(Array.from({ length: 4 }, () => loadCodec(name)));
      const bytes = codecs[0]!.compress(page);
      for (let i = 0; i < 5; i++) {
        const later = await loadCodec(name);
        for (const codec of [...codecs, later]) expect(same(codec.decompress(bytes, page.length), page)).toBe(true);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  });

  test("names what to install", async () => {
    expect(missingPackage("@bokuweb/zstd-wasm", "zstd", new Error("not there"))).toMatchObject({
      code: "UNSUPPORTED",
      message: "zstd needs the package @bokuweb/zstd-wasm here; install it with: npm install @bokuweb/zstd-wasm",
    });
    await expect(loadCodec("lzo" as PageCodecName)).rejects.toThrow(UnsupportedError);
  });
});
