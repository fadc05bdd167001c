import { schemaOf } from "../../entity/entity.ts";
import type { EntitySchema } from "../../entity/schema.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { IoError, UnsupportedError } from "../../errors.ts";
import type { Backend, BackendSnapshot, Capabilities, Commit, OperationOptions, Version } from "../backend.ts";
import { LoggedSnapshot } from "../log/logged-snapshot.ts";
import { assertSameSchema } from "../schema-check.ts";
import type { Storage } from "../storage/storage.ts";
import { noFacts } from "./checkpoint-facts.ts";
import { ParquetCheckpoint } from "./parquet-checkpoint.ts";
import { ParquetFile } from "./parquet-file.ts";
import { type ReadLimits, RowGroupReader } from "./read/row-group-reader.ts";
import { accessOf } from "./scan-file.ts";

/** A Parquet file that anybody wrote, to be read. The entity names the columns that are wanted. */
export class AttachedBackend<T extends EntityRow> implements Backend {
  readonly capabilities: Capabilities = {
    mutations: "none",
    atomicCommit: false,
    expectedVersion: false,
    timeTravel: false,
    evolve: false,
    appendCost: "linear",
  };
  readonly #schema: EntitySchema;
  readonly #storage: Storage;
  readonly #name: string;
  readonly #limits: ReadLimits;

  constructor(entity: EntityClass<T>, storage: Storage, name: string, limits: ReadLimits) {
    this.#schema = schemaOf(entity);
    this.#storage = storage;
    this.#name = name;
    this.#limits = limits;
  }

  async open(schema: EntitySchema, options: OperationOptions = {}): Promise<Version> {
    options.signal?.throwIfAborted();
    assertSameSchema(this.#schema, schema);
    const file = await this.#file();
    try {
      return versionOf(file);
    } finally {
      await file.release();
    }
  }

  async snapshot(at?: { version: Version } | { asOf: Date }, options: OperationOptions = {}): Promise<BackendSnapshot> {
    options.signal?.throwIfAborted();
    const file = await this.#file();
    const version = versionOf(file);
    if (at !== undefined && !("version" in at && at.version === version)) {
      await file.release();
      throw new UnsupportedError(`${file.place} keeps one version only (${version})`);
    }
    return new LoggedSnapshot(version, this.#schema, new ParquetCheckpoint(this.#schema, file, noFacts, this.#limits), []);
  }

  async commit(): Promise<Commit> {
    throw this.#readOnly();
  }

  async lastTxn(): Promise<undefined> {
    return undefined;
  }

  async *history(): AsyncGenerator<Commit> {}

  async evolve(): Promise<Commit> {
    throw this.#readOnly();
  }

  async maintain(): Promise<void> {}

  async close(): Promise<void> {}

  #readOnly(): UnsupportedError {
    return new UnsupportedError(
      `${this.#schema.name}: ${this.#storage.location}/${this.#name} is attached to be read; save its rows to a ParquetPersistence to change them`,
    );
  }

  async #file(): Promise<ParquetFile> {
    const file = await ParquetFile.open(this.#storage, this.#name);
    if (file === null) throw new IoError(`${this.#schema.name}: there is no file ${this.#storage.location}/${this.#name}`);
    try {
      const { schema, codecs } = accessOf(
        this.#schema,
        this.#schema.fields.map(({ name }) => name),
      );
      // A column that is missing or of another type is told now, not when rows are read.
      new RowGroupReader(schema, codecs, file.footer, file.place, this.#limits);
      return file;
    } catch (error) {
      await file.release();
      throw error;
    }
  }
}

/** Files of others say nothing of versions: size and number of rows tell most replacements apart. */
const versionOf = ({ size, footer }: ParquetFile): Version => `${size}-${footer.metadata.numRows}`;
