import type { RecordBatch } from "apache-arrow";
import type { EntitySchema } from "../../entity/schema.ts";
import { CorruptDataError } from "../../errors.ts";
import type { OperationOptions } from "../backend.ts";
import type { Checkpoint, CheckpointFacts, CheckpointFormat } from "../log/checkpoint.ts";
import type { OverlayView } from "../overlay/overlay-view.ts";
import type { Storage } from "../storage/storage.ts";
import { factsOf, noFacts } from "./checkpoint-facts.ts";
import { foldedPieces } from "./fold-checkpoint.ts";
import { ParquetCheckpoint } from "./parquet-checkpoint.ts";
import { ParquetFile } from "./parquet-file.ts";
import { assertStoredSchema } from "./stored-schema.ts";
import type { WriteSettings } from "./write/options.ts";
import { writeCheckpoint } from "./write-checkpoint.ts";

/** The file that has the rows. */
export const DATA_FILE = "data.parquet";

/** Checkpoints as one Parquet file, which each new one replaces. */
export class ParquetFormat implements CheckpointFormat {
  readonly #settings: WriteSettings;

  constructor(settings: WriteSettings) {
    this.#settings = settings;
  }

  async open(storage: Storage, schema: EntitySchema): Promise<ParquetCheckpoint> {
    const file = await ParquetFile.open(storage, DATA_FILE);
    if (file === null) return new ParquetCheckpoint(schema, null, noFacts);
    try {
      const { metadata, checked } = file.footer;
      if (!checked)
        throw new CorruptDataError(
          `${file.place}: Faun did not write it, or its footer is damaged; files of others are read by ParquetPersistence.attach()`,
        );
      assertStoredSchema(metadata, schema, file.place);
      return new ParquetCheckpoint(schema, file, factsOf(metadata, file.place, storage.durability));
    } catch (error) {
      await file.release();
      throw error;
    }
  }

  async isPresent(storage: Storage, checkpoint: Checkpoint): Promise<boolean> {
    return ParquetFile.isStored(storage, DATA_FILE, (checkpoint as ParquetCheckpoint).file);
  }

  async fold(
    storage: Storage,
    present: Checkpoint,
    view: OverlayView,
    facts: CheckpointFacts,
    options: OperationOptions = {},
  ): Promise<void> {
    const checkpoint = present as ParquetCheckpoint;
    const pieces = foldedPieces(checkpoint, view, this.#settings.rowGroupSize);
    await writeCheckpoint(storage, DATA_FILE, checkpoint.schema, pieces, {
      facts: () => facts,
      settings: this.#settings,
      signal: options.signal,
    });
  }

  async replace(
    storage: Storage,
    schema: EntitySchema,
    batches: AsyncIterable<RecordBatch>,
    facts: (rows: number) => CheckpointFacts,
    { signal }: OperationOptions = {},
  ): Promise<void> {
    await writeCheckpoint(storage, DATA_FILE, schema, [{ batches }], { facts, settings: this.#settings, signal });
  }
}
