import type { Codec } from "../../columns/codec.ts";
import type { EntityRow } from "../../entity/types.ts";
import { DuplicateKeyError, KeyNotFoundError, ValidationError } from "../../errors.ts";
import { appendRows } from "../../soa/copy-rows.ts";
import type { SoA } from "../../soa/soa.ts";
import type { Step } from "../change-steps.ts";
import { type KeyId, keyId } from "../key-id.ts";
import { appendStep, forEachFound, forEachKey, overwrite, places } from "../step-rows.ts";

type Kernel = SoA<EntityRow>;

/**
 * Checks that the steps, made in order, would succeed: so that they can then be applied without one failing when
 * others are done already. O(changed rows). @throws DuplicateKeyError, KeyNotFoundError, ValidationError
 */
export function checkSteps(storage: Kernel, steps: readonly Step[]): void {
  checkCategories(storage, steps);
  const field = storage.schema.key;
  if (field === null) return;
  const changed = new Map<KeyId, boolean>();
  let cleared = false;
  const has = (key: unknown) => changed.get(keyId(key)) ?? (!cleared && storage.has(key));
  steps.forEach((step, i) => {
    if (step.kind === "clear") {
      changed.clear();
      cleared = true;
      return;
    }
    const last = i === steps.length - 1;
    forEachKey(step.rows, (key) => {
      if (step.kind === "append" && has(key)) throw new DuplicateKeyError(storage.schema.name, field.name, key);
      if (step.kind === "update" && !has(key)) throw new KeyNotFoundError(storage.schema.name, field.name, key);
      if (!last) changed.set(keyId(key), step.kind !== "delete");
    });
  });
}

/** Makes the steps, which `checkSteps` let pass. */
export function applySteps(storage: Kernel, steps: readonly Step[]): void {
  for (const step of steps) {
    switch (step.kind) {
      case "clear":
        storage.clear();
        break;
      case "append":
        appendStep(storage, step);
        break;
      case "delete":
        forEachFound(storage, step.rows, (row) => {
          if (row >= 0) storage.deleteAt(row);
        });
        break;
      case "update":
        forEachFound(storage, step.rows, (row, chunk, at) => overwrite(storage, row, step.rows, chunk, at));
        break;
      case "upsert":
        upsert(storage, step.rows);
        break;
    }
  }
}

function upsert(storage: Kernel, rows: Kernel): void {
  const added = new Set<number>();
  forEachFound(storage, rows, (row, chunk, at) => {
    if (row >= 0) overwrite(storage, row, rows, chunk, at);
    else added.add(chunk.start + at);
  });
  if (added.size === 0) return;
  for (const { chunk, at } of places(rows)) if (!added.has(chunk.start + at)) rows.deleteAt(chunk.start + at);
  appendRows(storage, rows);
}

/** @throws ValidationError where a category would have more distinct strings than it has codes for */
function checkCategories(storage: Kernel, steps: readonly Step[]): void {
  for (const codec of storage.codecs) {
    const { dictionary, field } = codec;
    if (dictionary === null || field.type.kind !== "category" || field.type.codes === "u32") continue;
    const strings = new Set<string>();
    for (const step of steps) {
      if (step.kind === "clear" || !step.rows.schema.has(field.name)) continue;
      for (const string of stringsOf(step.rows, step.rows.codecs[step.rows.schema.field(field.name).index])) {
        if (dictionary.codeOf(string) < 0) strings.add(string);
      }
    }
    if (dictionary.size + strings.size <= dictionary.limit) continue;
    throw new ValidationError({
      entity: storage.schema.name,
      field: field.name,
      expected: `at most ${dictionary.limit} distinct values, which ${dictionary.size} stored and ${strings.size} new ones exceed`,
    });
  }
}

function stringsOf(rows: Kernel, codec: Codec): Set<string> {
  const strings = new Set<string>();
  for (const { chunk, at } of places(rows)) {
    const value = codec.read(chunk.columns[codec.field.index], at);
    if (value !== null) strings.add(value as string);
  }
  return strings;
}
