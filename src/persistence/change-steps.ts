import type { RecordBatch } from "apache-arrow";
import { SMALL_ROWS } from "../arrow/pieces.ts";
import { readArrow } from "../arrow/read.ts";
import { projectEntity } from "../entity/projection.ts";
import type { EntitySchema } from "../entity/schema.ts";
import type { EntityClass, EntityRow } from "../entity/types.ts";
import { UnsupportedError, ValidationError } from "../errors.ts";
import { RowAccess } from "../soa/row-access.ts";
import { SoA } from "../soa/soa.ts";
import type { Change, OperationOptions, Progress } from "./backend.ts";
import { collectBatches } from "./batches.ts";

/** A change whose batches are at hand. `replace` is a `clear` and an `append`. */
export type GatheredChange =
  | {
      readonly kind: "append" | "upsert" | "update" | "delete";
      readonly fields: readonly string[];
      readonly batches: readonly RecordBatch[];
      /** The rows of the batches, where they are at hand. */
      readonly soa?: SoA<EntityRow> | undefined;
    }
  | { readonly kind: "clear" };

/** A change whose rows were read and are sound by themselves. */
export type Step =
  | {
      readonly kind: "append";
      readonly rows: SoA<EntityRow>;
      readonly batches: readonly RecordBatch[];
      /** The batches lie over columns of ours, and have the entity's Arrow schema. */
      readonly ours: boolean;
    }
  | { readonly kind: "upsert" | "update" | "delete"; readonly rows: SoA<EntityRow> }
  | { readonly kind: "clear" };

/**
 * Waits for the batches of all changes.
 * @param columns whether few rows that are at hand as columns of ours are taken as those, without batches
 * @throws ValidationError, UnsupportedError for a change that makes no sense for the entity
 */
export async function gatherChanges(
  schema: EntitySchema,
  changes: readonly Change[],
  options: OperationOptions,
  columns = false,
): Promise<GatheredChange[]> {
  const gathered: GatheredChange[] = [];
  const progress: Progress = { rows: 0, bytes: 0 };
  for (const change of changes) {
    if (change.kind === "clear") {
      gathered.push(change);
      continue;
    }
    const fields = fieldsOf(schema, change);
    const taken = columns && options.onProgress === undefined;
    if (taken && change.kind === "append" && change.soa?.schema === schema && change.soa.size < SMALL_ROWS) {
      gathered.push({ kind: change.kind, fields, batches: [], soa: change.soa });
      continue;
    }
    const batches = await collectBatches(change.kind === "delete" ? change.keys() : change.rows(), options, progress);
    if (change.kind === "replace") gathered.push({ kind: "clear" }, { kind: "append", fields, batches });
    else if (change.kind === "append") gathered.push({ kind: change.kind, fields, batches, soa: change.soa });
    else gathered.push({ kind: change.kind, fields, batches });
  }
  return gathered;
}

/** Names of the fields that the batches of a change carry. */
function fieldsOf(schema: EntitySchema, change: Change): readonly string[] {
  const all = schema.fields.map((field) => field.name);
  if (change.kind === "append" || change.kind === "replace" || change.kind === "clear") return all;
  const { key } = schema;
  if (key === null) {
    throw new UnsupportedError(
      `${schema.name}: rows of an entity without a key cannot be named, so there is no ${change.kind}; declare one field with .key()`,
    );
  }
  if (change.kind === "delete") return [key.name];
  if (change.kind !== "update") return all;
  for (const name of change.fields) {
    if (schema.field(name).key)
      throw new ValidationError({
        entity: schema.name,
        field: name,
        expected: "no change of the key: delete the row and append it under the new key",
      });
  }
  return [key.name, ...change.fields];
}

/** Reads changes into kernels of the fields they carry. What is made for a set of fields is kept for the next time. */
export class ChangeReader {
  readonly #entity: EntityClass<EntityRow>;
  readonly #schema: EntitySchema;
  readonly #accesses = new Map<string, RowAccess<EntityRow>>();

  constructor(entity: EntityClass<EntityRow>, schema: EntitySchema) {
    this.#entity = entity;
    this.#schema = schema;
  }

  /** @throws SchemaMismatchError, TypeConversionError, DuplicateKeyError where a key is twice in one change, ArrowError */
  read(change: GatheredChange): Step {
    if (change.kind === "clear") return change;
    const { kind, fields, batches, soa } = change;
    if (kind === "append" && soa?.schema === this.#schema) return { kind, rows: soa, batches, ours: true };
    const access = this.#accessOf(fields);
    const rows = new SoA<EntityRow>(access.entity, { access });
    if (batches.length > 0) readArrow(rows, batches);
    return kind === "append" ? { kind, rows, batches, ours: false } : { kind, rows };
  }

  /** The steps that were read are done with: forgets the strings of their categories. */
  forget(): void {
    for (const { codecs } of this.#accesses.values()) {
      for (const { dictionary, field } of codecs) if (field.type.kind === "category") dictionary?.truncate(0);
    }
  }

  #accessOf(fields: readonly string[]): RowAccess<EntityRow> {
    const id = fields.join();
    let access = this.#accesses.get(id);
    if (access === undefined) {
      const whole = fields.length >= this.#schema.fields.length;
      access = new RowAccess(whole ? this.#entity : projectEntity(this.#schema, fields));
      // Bounded, for there may be as many sets of fields as subsets.
      if (this.#accesses.size >= 64) this.#accesses.clear();
      this.#accesses.set(id, access);
    }
    return access;
  }
}
