import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Entity, schemaOf } from "../../../../src/entity/entity.ts";
import type { FieldType } from "../../../../src/entity/field-type.ts";
import { category, f64, timestamp, u32, u64, utf8 } from "../../../../src/entity/fields.ts";
import type { EntityClass, EntityRow } from "../../../../src/entity/types.ts";
import { CorruptDataError, IoError, TypeConversionError, UnsupportedError } from "../../../../src/errors.ts";
import { COMPRESSIONS, type PageCodecName } from "../../../../src/persistence/parquet/codecs/codec.ts";
import { loadCodec } from "../../../../src/persistence/parquet/codecs/load-codec.ts";
import { type EngineOptions, ParquetEngine, parquetEngine } from "../../../../src/persistence/parquet/engine/parquet-engine.ts";
import { startWorker, type WorkerThread } from "../../../../src/persistence/parquet/engine/platform.ts";
import { ReadMemory } from "../../../../src/persistence/parquet/engine/read-memory.ts";
import { chunkChecksums } from "../../../../src/persistence/parquet/format/checksums.ts";
import { fileSchemaOf } from "../../../../src/persistence/parquet/format/file-schema.ts";
import { RowGroupReader } from "../../../../src/persistence/parquet/read/row-group-reader.ts";
import { type ParquetWriteOptions, writeSettings } from "../../../../src/persistence/parquet/write/options.ts";
import { type EncodedRowGroup, encodeRowGroup } from "../../../../src/persistence/parquet/write/row-group.ts";
import { rowGroupsOf } from "../../../../src/persistence/parquet/write/row-runs.ts";
import { Store } from "../../../../src/store/store.ts";
import { everyType, valuesOf } from "../../../entity/arbitrary.ts";
import { encodeFile } from "../encode-file.ts";
import { footerOf } from "../read-file.ts";

const rowKey = () => u32().key();
const nullable = Object.fromEntries(Object.entries(everyType).map(([name, type]) => [`${name}Maybe`, type.nullable()]));
class Thing extends Entity("things", { row: rowKey(), ...everyType, ...nullable } as typeof everyType & {
  row: ReturnType<typeof rowKey>;
}) {}

class Sale extends Entity("sales", { id: u64({ mode: "number" }).key(), amount: f64(), place: category(), note: utf8() }) {}

function sales(rows: number, allocator: "heap" | "shared" = "heap"): Store<Sale> {
  const store = new Store(Sale, { allocator });
  for (let id = 0; id < rows; id++)
    store.add({ id, amount: Math.imul(id, 0x9e3779b1) / 7, place: `place ${id % 3000}`, note: `note ${id}` });
  return store;
}

/** Arrays by their hash: comparing them one element at a time takes minutes. */
function hashed(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
    return `${value.constructor.name} ${value.byteLength} ${createHash("sha1").update(bytes).digest("hex")}`;
  }
  if (Array.isArray(value) && typeof value[0] === "string") return createHash("sha1").update(JSON.stringify(value)).digest("hex");
  if (Array.isArray(value)) return value.map(hashed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, hashed(inner)]));
}

const flat = ({ parts, ...rest }: EncodedRowGroup) => hashed({ ...rest, bytes: new Uint8Array(Buffer.concat(parts)) });

/** What a file of the store holds, and how its first row group is read. */
async function fileOf<T extends EntityRow>(entity: EntityClass<T>, store: Store<T>, options?: ParquetWriteOptions) {
  const file = await encodeFile(schemaOf(entity), store.kernel, options);
  const footer = footerOf(file);
  const fresh = new Store<T>(entity);
  const reader = new RowGroupReader(fresh.kernel.schema, fresh.kernel.codecs, footer, "file");
  const tasks = reader.tasks(0);
  const bytes = tasks.map(({ range }) => file.subarray(range.offset, range.offset + range.length));
  const checksums = [...chunkChecksums(footer.metadata, "file")].slice(0, tasks.length);
  const codecs = new Map(
    await Promise.all(
      [...new Set(tasks.map(({ codec }) => codec))].map(async (name: PageCodecName) => {
        return [name, await loadCodec(name)] as const;
      }),
    ),
  );
  return { reader, tasks, bytes, checksums, expected: () => reader.decode(tasks, bytes, codecs) };
}

/** The same bytes behind each other in shared memory. */
function sharing(bytes: readonly Uint8Array[]): Uint8Array[] {
  const all = new Uint8Array(new SharedArrayBuffer(bytes.reduce((sum, { length }) => sum + length, 0)));
  let at = 0;
  return bytes.map((each) => {
    all.set(each, at);
    at += each.length;
    return all.subarray(at - each.length, at);
  });
}

/** An engine that gives any work to workers, and the workers it started. */
function forced(options: EngineOptions = {}) {
  const threads: WorkerThread[] = [];
  const engine = new ParquetEngine({
    worth: 0,
    workers: 2,
    spawn(listener) {
      const thread = startWorker(listener);
      threads.push(thread);
      return thread;
    },
    ...options,
  });
  return { engine, threads };
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe("what workers do is what this thread would have done", () => {
  const storable = (type: FieldType): fc.Arbitrary<unknown> =>
    type.kind === "timestamp" && type.unit === "s" && type.mode === "bigint"
      ? fc.bigInt({ min: 0n, max: 2n ** 40n })
      : valuesOf(type);
  const row = schemaOf(Thing)
    .fields.slice(1)
    .map(({ name, type, nullable }) => [name, nullable ? fc.option(storable(type), { freq: 2 }) : storable(type)] as const);
  const given = fc.record({
    rows: fc.array(fc.record(Object.fromEntries(row)), { minLength: 1, maxLength: 8 }),
    times: fc.constantFrom(1, 30),
    dead: fc.array(fc.nat({ max: 20 }), { maxLength: 3 }),
    allocator: fc.constantFrom("heap", "shared"),
    compression: fc.constantFrom(...COMPRESSIONS),
    workers: fc.constantFrom(0, 2),
  });

  test("for every type, on the heap and in shared memory", async () => {
    const engines = new Map([0, 2].map((workers) => [workers, forced({ workers }).engine]));
    await fc.assert(
      fc.asyncProperty(given, async ({ rows, times, dead, allocator, compression, workers }) => {
        const store = new Store(Thing, { allocator: allocator as "heap" | "shared" });
        for (let i = 0; i < rows.length * times; i++) store.add({ ...rows[i % rows.length], row: i } as never);
        for (const i of dead) if (store.size > 1 && store.has(i)) store.delete(i);
        const engine = engines.get(workers) as ParquetEngine;
        const settings = writeSettings(schemaOf(Thing), { compression });
        const codec = await loadCodec(compression);
        const file = fileSchemaOf(schemaOf(Thing));
        for (const group of rowGroupsOf(store.kernel, settings.rowGroupSize)) {
          const encoded = await engine.encode(file, group, settings);
          expect(flat(encoded)).toEqual(flat(encodeRowGroup(file, group, settings, codec)));
        }
        const { reader, tasks, bytes, checksums, expected } = await fileOf(Thing, store, { compression });
        const wanted = expected();
        expect(hashed(await engine.decode(reader, tasks, bytes, { checksums }))).toEqual(hashed(wanted));
        for (const kept of [false, true])
          expect(hashed(await engine.decode(reader, tasks, sharing(bytes), { checksums, kept }))).toEqual(hashed(wanted));
      }),
      { numRuns: 40 },
    );
    expect(engines.get(2)?.pool.workers).toBeGreaterThan(0);
  });

  test("in row groups of many chunks, with a dictionary of which each row group has a part", async () => {
    const { engine } = forced();
    for (const allocator of ["heap", "shared"] as const) {
      const store = sales(150_000, allocator);
      const settings = writeSettings(schemaOf(Sale), { rowGroupSize: 140_000 });
      const codec = await loadCodec("snappy");
      const file = fileSchemaOf(schemaOf(Sale));
      for (const group of rowGroupsOf(store.kernel, settings.rowGroupSize))
        expect(flat(await engine.encode(file, group, settings))).toEqual(flat(encodeRowGroup(file, group, settings, codec)));
      const { reader, tasks, bytes, expected } = await fileOf(Sale, store);
      const wanted = expected();
      expect(hashed(await engine.decode(reader, tasks, bytes))).toEqual(hashed(wanted));
      const many = Array.from({ length: 6 }, () => engine.decode(reader, tasks, sharing(bytes)));
      for (const decoded of await Promise.all(many)) expect(hashed(decoded)).toEqual(hashed(wanted));
    }
  });
});

describe("bytes in shared memory are decoded by this thread and a worker together", () => {
  const spawning = (script: string): EngineOptions => ({
    spawn: (listener) => startWorker(listener, new URL(`data:text/javascript,${encodeURIComponent(script)}`)),
  });
  const mute = `import { parentPort } from "node:worker_threads"; parentPort.on("message", () => {});
    parentPort.postMessage({ kind: "ready" });`;

  test("by this thread alone while the worker does not take anything", async () => {
    const { engine } = forced(spawning(mute));
    const { reader, tasks, bytes, expected } = await fileOf(Sale, sales(3000));
    expect(hashed(await engine.decode(reader, tasks, sharing(bytes)))).toEqual(hashed(expected()));
    expect(engine.pool.workers).toBe(1);
  });

  test("by the worker alone where a column would take this thread too long", async () => {
    const { engine } = forced(spawning(mute));
    const { reader, tasks, bytes } = await fileOf(Sale, sales(3000));
    const large = tasks.map((task) => ({ ...task, metaData: { ...task.metaData, totalUncompressedSize: 9 << 20 } }));
    const controller = new AbortController();
    const waiting = engine.decode(reader, large, sharing(bytes), { signal: controller.signal });
    await until(() => engine.pool.bytesUnderWay > 0);
    const first = await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 100, "nothing"))]);
    expect(first).toBe("nothing");
    controller.abort(new Error("no longer"));
    await expect(waiting).rejects.toThrow("no longer");
  });

  test("until one of them fails, or a signal is given", async () => {
    for (const options of [{}, spawning(mute)]) {
      const { engine } = forced(options);
      const { reader, tasks, bytes, checksums, expected } = await fileOf(Sale, sales(3000));
      const damaged = sharing(bytes);
      damaged[3]![20]! ^= 1;
      const failure = engine.decode(reader, tasks, damaged, { checksums });
      await expect(failure).rejects.toBeInstanceOf(CorruptDataError);
      await expect(failure).rejects.toThrow('file: row group 0, column "note"');
      const absurd = tasks.map((task) => ({ ...task, plan: { ...task.plan, layout: null } }) as never);
      await expect(engine.decode(reader, absurd, sharing(bytes))).rejects.toThrow(/^file: row group 0, column "[a-z]+": /);
      // No column takes that much, all of them do.
      const sizes = expected().map(({ values, offsets }) => values.byteLength + (offsets?.byteLength ?? 0));
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const limited = (decodedBytes: number) => ({ decodedBytes: () => decodedBytes }) as unknown as RowGroupReader;
      await expect(engine.decode(limited(total - 1), tasks, sharing(bytes))).rejects.toThrow(UnsupportedError);
      const controller = new AbortController();
      const aborted = engine.decode(reader, tasks, sharing(bytes), { signal: controller.signal });
      controller.abort(new Error("no longer"));
      await expect(aborted).rejects.toThrow("no longer");
      expect(hashed(await engine.decode(reader, tasks, sharing(bytes), { checksums }))).toEqual(hashed(expected()));
    }
  });

  test("a worker that ends fails what it had, if it had a part of it, and nothing else", async () => {
    const { engine, threads } = forced();
    const { reader, tasks, bytes, expected } = await fileOf(Sale, sales(100_000));
    const wanted = hashed(expected());
    const outcome = engine.decode(reader, tasks, sharing(bytes)).catch((error: unknown) => error);
    await until(() => engine.pool.bytesUnderWay > 0 || engine.pool.workers > 0);
    threads[0]!.terminate();
    const result = await outcome;
    if (!(result instanceof IoError)) expect(hashed(result)).toEqual(wanted);
    expect(hashed(await engine.decode(reader, tasks, sharing(bytes)))).toEqual(wanted);
  });

  test("in memory that is used again once a row group is decoded, and not after a failure", () => {
    const made: Uint8Array[] = [];
    const memory = new ReadMemory((byteLength) => {
      made.push(new Uint8Array(new SharedArrayBuffer(byteLength)));
      return made.at(-1)!;
    });
    const [first, second] = [memory.lend(), memory.lend()];
    expect([first.of(100), second.of(80)]).toEqual(made);
    first.giveBack();
    first.giveBack();
    expect(memory.lend().of(90)).toBe(made[0]);
    expect(memory.lend().of(90)).toBe(made[2]);
    second.giveBack();
    expect(memory.lend().of(81)).toBe(made[3]);
    expect(new ReadMemory(() => null).lend().of(1)).toBe(null);
  });
});

test.each([true, false])("columns lie in shared memory where they are kept: %s; text never does", async (kept) => {
  const { engine } = forced();
  const { reader, tasks, bytes } = await fileOf(Sale, sales(70_000));
  const decoded = await engine.decode(reader, tasks, sharing(bytes), { kept });
  const shared = decoded.map(({ values }) => values.buffer instanceof SharedArrayBuffer);
  // id, amount, the codes of place, note
  expect(shared).toEqual([kept, kept, kept, false]);
});

test("columns in shared memory are not copied for a worker", async () => {
  const sent: unknown[] = [];
  const { engine } = forced({
    spawn(listener) {
      const thread = startWorker(listener);
      const post: WorkerThread["post"] = (message, transfer) => {
        sent.push((message as { job: unknown }).job, transfer);
        thread.post(message, transfer);
      };
      return { ...thread, post };
    },
  });
  const store = sales(70_000, "shared");
  const [group] = rowGroupsOf(store.kernel, 262_144);
  await engine.encode(fileSchemaOf(schemaOf(Sale)), group!, writeSettings(schemaOf(Sale)));
  const buffers = new Set(
    store.kernel.chunkList.flatMap(({ columns }) => columns.map((column) => (column as { values?: Uint8Array }).values?.buffer)),
  );
  const ids = sent.find((job) => (job as { column?: { field: { name: string } } }).column?.field.name === "id") as {
    source: { rows: { runs: { columns: { values: Uint8Array }[] }[] } };
  };
  for (const { columns } of ids.source.rows.runs) expect(buffers.has(columns[0]!.values.buffer)).toBe(true);
  expect(sent[sent.indexOf(ids) + 1]).toEqual([]);
});

test("little work starts no worker", async () => {
  const engine = parquetEngine({});
  const store = sales(2000);
  const [group] = rowGroupsOf(store.kernel, 262_144);
  await engine.encode(fileSchemaOf(schemaOf(Sale)), group!, writeSettings(schemaOf(Sale)));
  const { reader, tasks, bytes, expected } = await fileOf(Sale, store);
  expect(hashed(await engine.decode(reader, tasks, bytes))).toEqual(hashed(expected()));
  expect(engine.pool.workers).toBe(0);
  expect(parquetEngine()).toBe(parquetEngine());
});

test("an array that has its buffer for itself is handed over; one that shares it is left alone", async () => {
  const { engine } = forced();
  const { reader, tasks, bytes, expected } = await fileOf(Sale, sales(3000));
  const wanted = expected();
  expect(hashed(await engine.decode(reader, tasks, bytes))).toEqual(hashed(wanted));
  expect(bytes.every(({ length }) => length > 0)).toBe(true);
  const alone = bytes.map((each) => each.slice());
  expect(hashed(await engine.decode(reader, tasks, alone))).toEqual(hashed(wanted));
  expect(alone.every(({ length }) => length === 0)).toBe(true);
});

describe("without workers", () => {
  test("the event loop has its turns", async () => {
    const engine = new ParquetEngine({ workers: 0 });
    const store = sales(200_000);
    let turns = 0;
    let over = false;
    const turn = () => {
      turns++;
      if (!over) setImmediate(turn);
    };
    setImmediate(turn);
    for (const group of rowGroupsOf(store.kernel, 50_000))
      await engine.encode(fileSchemaOf(schemaOf(Sale)), group, writeSettings(schemaOf(Sale), { compression: "zstd" }));
    over = true;
    expect(turns).toBeGreaterThan(4);
  });

  test.each([
    [
      "its script is not there",
      (listener: Parameters<typeof startWorker>[0]) => startWorker(listener, new URL("file:///none/worker.js")),
    ],
    [
      "the platform refuses",
      () => {
        throw new Error("too many threads");
      },
    ],
  ])("work is done on this thread where a worker cannot be started: %s", async (_, spawn) => {
    const { engine } = forced({ spawn });
    const { reader, tasks, bytes, expected } = await fileOf(Sale, sales(3000));
    const wanted = expected();
    expect(hashed(await engine.decode(reader, tasks, bytes))).toEqual(hashed(wanted));
    expect(engine.pool).toMatchObject({ available: false, workers: 0 });
    expect(hashed(await engine.decode(reader, tasks, bytes))).toEqual(hashed(wanted));
  });

  test("one that does not come up in time is given up", async () => {
    const { engine } = forced({
      start: 50,
      spawn: (listener) => startWorker(listener, new URL("data:text/javascript,setInterval(() => {}, 1000)")),
    });
    const { reader, tasks, bytes, expected } = await fileOf(Sale, sales(3000));
    expect(hashed(await engine.decode(reader, tasks, bytes))).toEqual(hashed(expected()));
    expect(engine.pool.available).toBe(false);
  });
});

describe("errors", () => {
  test("are those of this thread", async () => {
    for (const workers of [0, 2]) {
      const { engine } = forced({ workers });
      const { reader, tasks, bytes, checksums } = await fileOf(Sale, sales(3000));
      const damaged = bytes.map((each) => each.slice());
      damaged[1]![20]! ^= 1;
      const place = 'file: row group 0, column "amount"';
      const failure = engine.decode(reader, tasks, damaged, { checksums });
      await expect(failure).rejects.toBeInstanceOf(CorruptDataError);
      await expect(failure).rejects.toThrow(place);
      const lying = tasks.map((task) => ({ ...task, rows: task.rows + 1 }));
      await expect(engine.decode(reader, lying, bytes)).rejects.toThrow(CorruptDataError);
      // Not even data that no file could give ends the process, or the pool.
      const absurd = tasks.map((task) => ({ ...task, plan: { ...task.plan, layout: null } }) as never);
      const stumbled = engine.decode(reader, absurd, bytes);
      await expect(stumbled).rejects.toThrow(CorruptDataError);
      await expect(stumbled).rejects.toThrow("file: row group 0");
      expect(await engine.decode(reader, tasks, bytes, { checksums })).toHaveLength(4);
    }
  });

  test("of limits and conversions keep their classes", async () => {
    class Second extends Entity("seconds", { at: timestamp("s", { mode: "bigint" }) }) {}
    for (const workers of [0, 2]) {
      const { engine } = forced({ workers });
      const store = new Store(Second);
      store.add({ at: 2n ** 62n });
      const [group] = rowGroupsOf(store.kernel, 100);
      const failure = engine.encode(fileSchemaOf(schemaOf(Second)), group!, writeSettings(schemaOf(Second)));
      await expect(failure).rejects.toBeInstanceOf(TypeConversionError);
      await expect(failure).rejects.toMatchObject({ entity: "seconds", columnName: "at" });

      const { tasks, bytes } = await fileOf(Sale, sales(3000));
      const limited = { decodedBytes: () => 60_000 } as unknown as RowGroupReader;
      await expect(engine.decode(limited, tasks, bytes)).rejects.toThrow(UnsupportedError);
    }
  });

  test("a worker that ends in the middle of its work fails it, and the next work has another", async () => {
    const { engine, threads } = forced({ workers: 1 });
    const { reader, tasks, bytes, expected } = await fileOf(Sale, sales(100_000));
    const wanted = expected();
    const failure = engine.decode(reader, tasks, bytes);
    failure.catch(() => {});
    await until(() => engine.pool.bytesUnderWay > 0);
    threads[0]!.terminate();
    await expect(failure).rejects.toThrow(IoError);
    expect(engine.pool.bytesUnderWay).toBe(0);
    expect(hashed(await engine.decode(reader, tasks, bytes))).toEqual(hashed(wanted));
    expect(threads).toHaveLength(2);
  });
});

test("a worker whose answer cannot be read fails its work", async () => {
  const script = `import { parentPort } from "node:worker_threads";
    parentPort.on("message", ({ id }) => {
      const gone = new Uint8Array(8);
      structuredClone(gone.buffer, { transfer: [gone.buffer] });
      parentPort.postMessage({ kind: "done", id, result: { indices: [0], columns: [{ values: gone }] } }, [gone.buffer]);
    });
    parentPort.postMessage({ kind: "ready" });`;
  const { engine } = forced({
    spawn: (listener) => startWorker(listener, new URL(`data:text/javascript,${encodeURIComponent(script)}`)),
  });
  const { reader, tasks, bytes } = await fileOf(Sale, sales(3000));
  await expect(engine.decode(reader, tasks, bytes)).rejects.toThrow(IoError);
});

describe("a signal", () => {
  test("calls work off: what waits is dropped, what has begun is ignored", async () => {
    const { engine, threads } = forced({ workers: 1 });
    const { reader, tasks, bytes, expected } = await fileOf(Sale, sales(100_000));
    const wanted = expected();
    const controller = new AbortController();
    const reason = new Error("no longer");
    const failure = engine.decode(reader, tasks, bytes, { signal: controller.signal });
    failure.catch(() => {});
    await until(() => engine.pool.bytesUnderWay > 0);
    controller.abort(reason);
    await expect(failure).rejects.toBe(reason);
    expect(hashed(await engine.decode(reader, tasks, bytes))).toEqual(hashed(wanted));
    expect(threads).toHaveLength(1);
    await until(() => engine.pool.bytesUnderWay === 0);
    await expect(engine.decode(reader, tasks, bytes, { signal: controller.signal })).rejects.toBe(reason);
  });

  test("also on this thread", async () => {
    const engine = new ParquetEngine({ workers: 0 });
    const { reader, tasks, bytes } = await fileOf(Sale, sales(1000));
    const controller = new AbortController();
    const failure = engine.decode(reader, tasks, bytes, { signal: controller.signal });
    controller.abort(new Error("no longer"));
    await expect(failure).rejects.toThrow("no longer");
  });

  test("also on this thread, between two columns", async () => {
    const engine = new ParquetEngine({ workers: 0 });
    const { reader, tasks, bytes, checksums } = await fileOf(Sale, sales(1000));
    const controller = new AbortController();
    // They are looked at as each column is begun.
    const aborting = checksums.map((sum) => sum);
    Object.defineProperty(aborting, 1, {
      get() {
        controller.abort(new Error("no longer"));
        return checksums[1];
      },
    });
    const failure = engine.decode(reader, tasks, bytes, { signal: controller.signal, checksums: aborting });
    await expect(failure).rejects.toThrow("no longer");
    await engine.decode(reader, tasks, bytes, { checksums });
  });
});

test("however much work is asked for, little of it is under way", async () => {
  let posted = 0;
  let most = 0;
  let open = 0;
  const { engine } = forced({
    spawn(listener) {
      const thread = startWorker({
        ...listener,
        message(message) {
          if ((message as { kind: string }).kind !== "ready") open--;
          listener.message(message);
        },
      });
      const post: WorkerThread["post"] = (message, transfer) => {
        posted++;
        most = Math.max(most, ++open);
        thread.post(message, transfer);
      };
      return { ...thread, post };
    },
  });
  const { reader, tasks, bytes } = await fileOf(Sale, sales(20_000));
  await Promise.all(Array.from({ length: 50 }, () => engine.decode(reader, tasks, bytes)));
  expect(posted).toBe(50);
  // Four at each of two workers.
  expect(most).toBeLessThanOrEqual(8);
  expect(engine.pool.bytesUnderWay).toBe(0);
  // A job of more than all that may be under way goes alone.
  const huge = tasks.map((task) => ({ ...task, metaData: { ...task.metaData, totalUncompressedSize: 70 << 20 } }));
  most = 0;
  await Promise.allSettled(Array.from({ length: 5 }, () => engine.decode(reader, huge, bytes)));
  expect(most).toBe(1);
});

test("workers without work end", async () => {
  const { engine } = forced({ idle: 30 });
  const { reader, tasks, bytes } = await fileOf(Sale, sales(3000));
  await engine.decode(reader, tasks, bytes);
  expect(engine.pool.workers).toBeGreaterThan(0);
  await until(() => engine.pool.workers === 0);
  expect(await engine.decode(reader, tasks, bytes)).toHaveLength(4);
});

test("workers keep no process alive, but their work does", () => {
  const script = `
    import { Entity, f64, Store, u32 } from "./dist/index.js";
    import { ParquetEngine } from "./dist/persistence/parquet/engine/parquet-engine.js";
    import { fileSchemaOf } from "./dist/persistence/parquet/format/file-schema.js";
    import { writeSettings } from "./dist/persistence/parquet/write/options.js";
    import { rowGroupsOf } from "./dist/persistence/parquet/write/row-runs.js";
    class Point extends Entity("points", { id: u32(), x: f64() }) {}
    const store = new Store(Point);
    store.addColumns({ id: Uint32Array.from({ length: 300_000 }, (_, i) => i), x: new Float64Array(300_000) });
    const engine = new ParquetEngine({ idle: 3_600_000 });
    const [group] = rowGroupsOf(store.kernel, 262_144);
    engine.encode(fileSchemaOf(store.kernel.schema), group, writeSettings(store.kernel.schema))
      .then(({ parts }) => console.log(parts.length, engine.pool.workers > 0));
  `;
  const root = fileURLToPath(new URL("../../../../", import.meta.url));
  const out = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: root,
    encoding: "utf8",
    timeout: 120_000,
  });
  expect(out.trim()).toBe("2 true");
});
