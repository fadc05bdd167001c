import { DatabaseError, ValidationError } from "../../errors.ts";
import { type Database, type DuckModules, loadDuckDB } from "./binding.ts";
import { DuckConnection } from "./connection.ts";
import { databaseError } from "./errors.ts";
import { inTransaction } from "./transaction-scope.ts";

export interface DatabaseOptions {
  /** Nothing can be written, and other processes may read the file at the same time. Default false. */
  readOnly?: boolean;
  /** Threads that a query may take; DuckDB's default is one per core. */
  threads?: number;
  /** Bytes that DuckDB may take before it writes to disk what it can; its default is 80 % of the memory. */
  memoryLimit?: number;
}

/** @param of whose options, as the entity of the error. @throws ValidationError for what is out of range */
export function assertDatabaseOptions(of: string, { readOnly, threads, memoryLimit }: DatabaseOptions): void {
  const refuse = (value: unknown, expected: string) => new ValidationError({ entity: of, value, expected });
  if (readOnly !== undefined && typeof readOnly !== "boolean") throw refuse(readOnly, "readOnly: true or false");
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads < 2 ** 31))
    throw refuse(threads, "threads: an integer from 1, of 31 bits");
  if (memoryLimit !== undefined && !(Number.isSafeInteger(memoryLimit) && memoryLimit >= 2 ** 20))
    throw refuse(memoryLimit, `memoryLimit: bytes, from ${2 ** 20}`);
}

/**
 * A database, of a file or in memory. A file is opened once a process, however often it is asked for: two engines over one
 * file in a process would not see each other's locks.
 */
export class DuckDatabase {
  readonly modules: DuckModules;
  /** Absolute; null in memory. */
  readonly path: string | null;
  readonly readOnly: boolean;
  /** Which file it is, whatever it is called; null in memory, and where the platform does not tell. */
  readonly file: string | null;
  /** Absolute paths that it was opened by. */
  readonly names = new Set<string>();
  readonly #handle: Database;
  #users = 0;
  #writing: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(modules: DuckModules, handle: Database, path: string | null, readOnly: boolean) {
    this.modules = modules;
    this.#handle = handle;
    this.path = path;
    this.readOnly = readOnly;
    this.file = path === null ? null : fileOf(path);
  }

  get closed(): boolean {
    return this.#closed;
  }

  get name(): string {
    return this.path ?? "DuckDB in memory";
  }

  /** A connection of its own. Times are told in UTC. */
  async connect(): Promise<DuckConnection> {
    if (this.#closed) throw new DatabaseError(`${this.name}: the database is closed`);
    const handle = await this.modules.binding.connect(this.#handle);
    const connection = new DuckConnection(this.modules, handle, this.name);
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run("SET ieee_floating_point_ops = true");
    return connection;
  }

  /**
   * Runs `write` when no other of these runs: writers of one process follow each other instead of colliding.
   * @param signal ends the wait; once `write` runs, to go by it is up to that
   * @throws DatabaseError within a transaction(), which it would wait for
   */
  async exclusively<R>(write: () => Promise<R>, signal?: AbortSignal | null): Promise<R> {
    this.assertOutside();
    signal?.throwIfAborted();
    let begun = false;
    const step = () => {
      signal?.throwIfAborted();
      begun = true;
      return write();
    };
    const turn = this.#writing.then(step, step);
    this.#writing = turn.catch(() => undefined);
    if (signal == null) return turn;
    return new Promise((resolve, reject) => {
      const leave = () => {
        if (!begun) reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      turn.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
    });
  }

  /** @throws DatabaseError where the caller was called by the function of a transaction() that is running */
  assertOutside(): void {
    if (!inTransaction(this)) return;
    throw new DatabaseError(
      `${this.name}: within transaction() rows are written by the statements of its argument: whatever else writes, or closes the database, would wait for the transaction to end, which waits for it`,
    );
  }

  retain(): this {
    this.#users++;
    return this;
  }

  /** Closes the database once nobody uses it: the file is whole then, and its lock is given back. */
  async release(): Promise<void> {
    if (--this.#users > 0 || this.#closed) return;
    this.#closed = true;
    for (const name of this.names) open.delete(name);
    await this.#writing;
    this.modules.binding.close_sync(this.#handle);
  }
}

const open = new Map<string, Promise<DuckDatabase>>();

/**
 * Opens a database, or gives the one that is open in this process already. To be given back by `release()`.
 * @throws DatabaseError where the file is in use by another process, which it names, or is no database
 */
export async function openDatabase(path: string | null, options: DatabaseOptions = {}): Promise<DuckDatabase> {
  if (path === null) return (await start(null, options)).retain();
  const absolute = absolutePath(path);
  for (;;) {
    const other = open.has(absolute) ? undefined : await byOtherName(absolute);
    const opening = open.get(absolute) ?? (other === undefined ? start(absolute, options) : Promise.resolve(other));
    open.set(absolute, opening);
    const database = await opening.catch((error: unknown) => {
      if (open.get(absolute) === opening) open.delete(absolute);
      throw error;
    });
    if (database.closed) {
      if (open.get(absolute) === opening) open.delete(absolute);
      continue;
    }
    if (options.readOnly !== undefined && options.readOnly !== database.readOnly) {
      throw new DatabaseError(
        `${absolute} is open in this process ${database.readOnly ? "to be read only" : "to be written"} already: open it in one way, or close it first`,
      );
    }
    database.names.add(absolute);
    return database.retain();
  }
}

interface NodeProcess {
  getBuiltinModule?(name: "node:fs"): {
    statSync(path: string, options: object): { readonly dev: bigint; readonly ino: bigint } | undefined;
  };
}

/** Null where it is not there, or nobody says. It is not opened: to close it again would give up the lock of the database. */
function fileOf(path: string): string | null {
  const fs = (globalThis as { process?: NodeProcess }).process?.getBuiltinModule?.("node:fs");
  try {
    const found = fs?.statSync(path, { bigint: true, throwIfNoEntry: false });
    return found === undefined ? null : `${found.dev}:${found.ino}`;
  } catch {
    return null;
  }
}

/** The database that is open of the file by another name, such as a hard link or other letters. */
async function byOtherName(path: string): Promise<DuckDatabase | undefined> {
  const file = fileOf(path);
  if (file === null) return undefined;
  for (const opening of open.values()) {
    const database = await opening.catch(() => null);
    if (database?.file === file && !database.closed) return database;
  }
  return undefined;
}

async function start(path: string | null, { readOnly = false, threads, memoryLimit }: DatabaseOptions): Promise<DuckDatabase> {
  const modules = await loadDuckDB();
  const { binding } = modules;
  let handle: Database;
  try {
    const config = binding.create_config();
    if (readOnly) binding.set_config(config, "access_mode", "READ_ONLY");
    if (threads !== undefined) binding.set_config(config, "threads", String(threads));
    if (memoryLimit !== undefined) binding.set_config(config, "memory_limit", `${memoryLimit}B`);
    handle =
      path === null
        ? await binding.open(":memory:", config)
        : await binding.get_or_create_from_cache(await cacheOf(modules), path, config);
  } catch (cause) {
    throw databaseError(path ?? "DuckDB in memory", cause);
  }
  const database = new DuckDatabase(modules, handle, path, readOnly);
  if (path !== null) await assertStored(database, path);
  return database;
}

/** Instead of opening a file of data, such as Parquet or CSV, the engine shows it as a view of a database in memory. */
async function assertStored(database: DuckDatabase, path: string): Promise<void> {
  const connection = await database.connect();
  let stored: unknown;
  try {
    [[stored]] = await connection.rows("SELECT path FROM duckdb_databases() WHERE database_name = current_database()");
  } finally {
    await connection.close();
  }
  if (typeof stored === "string") return;
  await database.retain().release();
  throw new DatabaseError(`${path} is a file of data and not a database of DuckDB: give the name of one, or of a new file`);
}

type InstanceCache = Parameters<DuckModules["binding"]["get_or_create_from_cache"]>[0];

let cache: InstanceCache | undefined;

/** The cache behind node-api's `DuckDBInstance.fromCache`: whoever opens the file through that shares the engine with us. */
async function cacheOf({ binding }: DuckModules): Promise<InstanceCache> {
  if (cache === undefined) {
    const { DuckDBInstanceCache } = await import("@duckdb/node-api/lib/DuckDBInstanceCache.js");
    cache = (DuckDBInstanceCache.singleton as unknown as { cache?: InstanceCache }).cache ?? binding.create_instance_cache();
  }
  return cache;
}

/** One text for one file, as far as text can tell. */
function absolutePath(path: string): string {
  const slashed = path.replaceAll("\\", "/");
  const rooted = /^(\/|[A-Za-z]:\/)/.test(slashed);
  const folder = (globalThis as { process?: { cwd(): string } }).process?.cwd().replaceAll("\\", "/") ?? "";
  const parts: string[] = [];
  const whole = rooted ? slashed : `${folder}/${slashed}`;
  for (const part of whole.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return whole.startsWith("/") ? `/${parts.join("/")}` : parts.join("/");
}
