import type { EntityClass, EntityRow } from "../../entity/types.ts";
import { noKey, unknownField } from "../../entity/validation.ts";
import { ConflictError, DuplicateKeyError, KeyNotFoundError, ValidationError } from "../../errors.ts";
import type { Appender } from "../../soa/appender.ts";
import { type ColumnsInit, columnReaders } from "../../soa/bulk.ts";
import { patchChanges } from "../../soa/changes.ts";
import { columnCopiers } from "../../soa/copy-rows.ts";
import { assertIterable } from "../../soa/iterable.ts";
import { locate } from "../../soa/locate.ts";
import { SoA } from "../../soa/soa.ts";
import { keyId } from "../key-id.ts";
import { capture, sameValue } from "./capture.ts";
import { CategoryBudget } from "./category-budget.ts";
import { categoryStrings } from "./category-strings.ts";
import { draftChanges } from "./draft.ts";
import { Group } from "./group.ts";
import {
  AddOperation,
  DeleteOperation,
  type FieldValues,
  fail,
  type Operation,
  UpdateOperation,
  UpsertOperation,
} from "./operation.ts";
import { PendingRows } from "./pending-rows.ts";

type Kernel = SoA<EntityRow>;

/** Kernels kept for the next groups. */
const SPARE = 4;

/** Validates operations on top of what is pending, and folds them into groups. */
export class Staging {
  readonly pending: PendingRows;
  readonly #entity: EntityClass<EntityRow>;
  readonly #budget: CategoryBudget;
  readonly #spare: Kernel[] = [];
  #running = false;

  constructor(memory: Kernel) {
    this.pending = new PendingRows(memory);
    this.#entity = memory.entity;
    this.#budget = new CategoryBudget(memory.codecs);
  }

  addRow(row: unknown): AddOperation {
    return this.#guarded(() => this.#add(false, (appender) => appender.row(row)));
  }

  addRows(rows: Iterable<unknown>): AddOperation {
    assertIterable(this.pending.memory.schema, rows);
    return this.#guarded(() =>
      this.#add(true, (appender) => {
        for (const row of rows) appender.row(row);
      }),
    );
  }

  addColumns(columns: object): AddOperation {
    return this.#guarded(() => {
      const { staged } = this.#open();
      const { rows, fill } = columnReaders(
        staged.schema,
        staged.codecs,
        categoryStrings(this.pending.memory, columns) as ColumnsInit<never>,
      );
      return this.#add(true, (appender) => appender.columns(rows, fill));
    });
  }

  /** @param change the fields to change, or a function that works on a draft of the row */
  update(key: unknown, change: unknown): UpdateOperation {
    return this.#guarded(() => {
      const checked = this.#checkKey(key);
      const id = keyId(checked);
      const place = this.pending.locate(checked, id);
      if (place === null) throw new KeyNotFoundError(this.pending.memory.schema.name, this.#keyField.name, key);
      const { schema, codecs } = this.pending.memory;
      let base: readonly unknown[] | null = null;
      let values: FieldValues;
      if (typeof change === "function") {
        base = this.pending.valuesAt(place, id);
        const own = this.pending.valuesAt(place, id);
        values = draftChanges(schema, codecs, this.#entity, base, own, change as (draft: EntityRow) => unknown);
      } else {
        const patch = patchChanges(schema, codecs, change as Record<string, unknown>);
        values = patch.map(([field, value]) => [field, capture(value)]);
      }
      const operation = new UpdateOperation(checked, id, values, base);
      this.#update(operation);
      return operation;
    });
  }

  upsert(row: unknown): UpsertOperation {
    return this.#guarded(() => {
      const values = this.#valuesOf(row);
      const key = values[this.#keyField.index];
      const operation = new UpsertOperation(key, keyId(key), values);
      this.#upsert(operation);
      return operation;
    });
  }

  delete(key: unknown): DeleteOperation {
    return this.#guarded(() => {
      const checked = this.#checkKey(key);
      const operation = new DeleteOperation(checked, keyId(checked));
      this.#delete(operation);
      return operation;
    });
  }

  /**
   * Validates pending operations again, in order, and folds them into groups anew. Those no longer valid fail with
   * ConflictError, and are given.
   */
  restage(): Operation[] {
    const failed: Operation[] = [];
    const old = this.pending.units;
    this.pending.units = [];
    this.#budget.clear();
    for (const unit of old) {
      if (!(unit instanceof Group)) {
        this.pending.units.push(unit);
        continue;
      }
      for (const operation of unit.operations) {
        if (operation.state === "pending" && !this.#again(operation)) failed.push(operation);
      }
      this.release(unit);
    }
    return failed;
  }

  /**
   * A group of the first of these operations, by themselves on top of memory; those that did not fit are given too.
   * Those no longer valid fail with ConflictError.
   */
  regroup(operations: readonly Operation[]): { group: Group; rest: Operation[] } {
    const { units } = this.pending;
    this.pending.units = [];
    const group = this.#open();
    for (const operation of operations) {
      if (operation.state === "pending") this.#again(operation);
      // It did not fit, and opened a group of its own.
      if (this.pending.units.length > 1) break;
    }
    for (const more of this.pending.units.splice(1)) this.release(more as Group);
    this.pending.units = units;
    const moved = new Set<Operation>(group.operations);
    return { group, rest: operations.filter((operation) => operation.state === "pending" && !moved.has(operation)) };
  }

  /** Takes the columns of a settled group for the next one. */
  release(group: Group): void {
    if (group.held) return;
    for (const kernel of group.kernels) {
      if (this.#spare.length >= SPARE || kernel.length > 65_536) continue;
      kernel.clear();
      for (const { dictionary, field } of kernel.codecs) if (field.type.kind === "category") dictionary?.truncate(0);
      this.#spare.push(kernel);
    }
  }

  /** Memory took a group in. */
  settled(): void {
    if (this.pending.units.length === 0) this.#budget.clear();
    else this.#budget.settle(this.pending.memory);
  }

  /** An empty kernel. */
  spare(): Kernel {
    return this.#spare.pop() ?? new SoA<EntityRow>(this.#entity);
  }

  get #keyField() {
    const { key, name } = this.pending.memory.schema;
    if (key !== null) return key;
    throw noKey(name);
  }

  /** @throws ConflictError where rows, an iterable or a draft that is being worked on calls back */
  #guarded<R>(stage: () => R): R {
    if (this.#running) {
      throw new ConflictError(
        `${this.pending.memory.schema.name}: the store is in the middle of another call; it cannot be changed by the rows, the iterable or the draft function that were given to it`,
      );
    }
    this.#running = true;
    try {
      return stage();
    } finally {
      this.#running = false;
    }
  }

  /** The group that takes operations now. */
  #open(fresh = false): Group {
    const last = this.pending.units.at(-1);
    if (!fresh && last instanceof Group && !last.sealed) return last;
    const group = new Group(this.spare());
    this.pending.units.push(group);
    return group;
  }

  #add(batch: boolean, fill: (appender: Appender) => void): AddOperation {
    const group = this.#open();
    const row = group.staged.length;
    const rows = this.#stage(group, fill);
    const operation = new AddOperation(group, row, rows, batch);
    group.stagedBy(operation, row, rows);
    return operation;
  }

  #update(operation: UpdateOperation): void {
    const { key, id, values } = operation;
    for (const [field, value] of values) this.#budget.admit(this.pending.memory, field, value);
    this.#follow(operation);
    const group = this.#open();
    group.patch(key, id, values);
    this.#touch(group, operation);
  }

  #upsert(operation: UpsertOperation): void {
    const { key, id, values } = operation;
    operation.row = -1;
    const place = this.pending.locate(key, id);
    if (place !== null) {
      const changes = [...values.entries()].filter(([field]) => field !== this.#keyField.index);
      for (const [field, value] of changes) this.#budget.admit(this.pending.memory, field, value);
      this.#follow(operation);
      const group = this.#open();
      if (place.kernel === group.staged) operation.row = place.row;
      group.patch(key, id, changes);
      this.#touch(group, operation);
      return;
    }
    const group = this.#open();
    const { staged } = group;
    const row = staged.length;
    this.#stage(group, (appender) =>
      appender.columns(1, (field, column, at) => staged.codecs[field].append(column, at, values[field])),
    );
    group.stagedBy(operation, row, 1);
  }

  #delete(operation: DeleteOperation): void {
    const { key, id } = operation;
    const place = this.pending.locate(key, id);
    operation.found = place !== null;
    this.#follow(operation);
    let group = this.#open();
    // A row staged in a group is not deleted in it.
    if (place?.kernel === group.staged) group = this.#open(true);
    if (place !== null) {
      group.deleted.set(id, key);
      group.patches.delete(id);
    }
    this.#touch(group, operation);
  }

  #touch(group: Group, operation: UpdateOperation | UpsertOperation | DeleteOperation): void {
    group.touched.set(operation.id, operation);
    group.operations.push(operation);
  }

  /** Notes that the operation was validated on top of another. */
  #follow({ key, id }: UpdateOperation | UpsertOperation | DeleteOperation): void {
    const before = this.pending.lastOn(key, id);
    if (before !== null) before.needed = true;
  }

  /** False where the operation is not valid any more. */
  #again(operation: Operation): boolean {
    try {
      switch (operation.kind) {
        case "add":
          this.#addAgain(operation);
          break;
        case "update":
          this.#updateAgain(operation);
          break;
        case "upsert":
          this.#upsert(operation);
          break;
        case "delete":
          this.#delete(operation);
          break;
      }
      return true;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      fail(
        operation,
        new ConflictError(
          `${this.pending.memory.schema.name}: this ${operation.kind} is not valid after what became of the changes before it: ${why}`,
          { cause },
        ),
      );
      return false;
    }
  }

  #updateAgain(operation: UpdateOperation): void {
    const { key, id, base } = operation;
    const place = this.pending.locate(key, id);
    if (place === null) throw new KeyNotFoundError(this.pending.memory.schema.name, this.#keyField.name, key);
    if (base !== null && !this.pending.valuesAt(place, id).every((value, i) => sameValue(value, base[i]))) {
      throw new ConflictError("the row does not have the values that the new ones were computed from");
    }
    this.#update(operation);
  }

  #addAgain(operation: AddOperation): void {
    const { home, row: first, count } = operation;
    const group = this.#open();
    const { staged } = group;
    const copy = columnCopiers(home.staged.codecs, staged.codecs);
    const row = staged.length;
    this.#stage(group, (appender) => {
      for (let done = 0; done < count; ) {
        const chunk = locate(home.staged.chunkList, first + done);
        const begin = first + done - chunk.start;
        const rows = Math.min(count - done, chunk.length - begin);
        appender.columns(rows, (field, column, at, from, n) => copy[field](chunk.columns[field], begin + from, column, at, n));
        done += rows;
      }
    });
    operation.home = group;
    group.stagedBy(operation, row, count);
  }

  /** Adds rows to a group's staged ones, whole or not at all. @returns how many @throws ValidationError, DuplicateKeyError */
  #stage(group: Group, fill: (appender: Appender) => void): number {
    const { staged } = group;
    const first = staged.length;
    const strings = this.#budget.fields.map((field) => staged.codecs[field].dictionary?.size ?? 0);
    const appender = staged.beginAppend();
    try {
      fill(appender);
      const freed = this.#checkKeys(group, first, appender.rows);
      this.#budget.fields.forEach((field, i) => {
        const values = staged.codecs[field].dictionary?.values ?? [];
        for (let code = strings[i]; code < values.length; code++) this.#budget.admit(this.pending.memory, field, values[code]);
      });
      for (const deletion of freed) deletion.needed = true;
    } catch (error) {
      appender.rollback();
      throw error;
    }
    return staged.commitAppend(appender).length;
  }

  /** Refuses keys that are taken outside the group's staged rows; gives the pending deletions without which they would be. */
  #checkKeys(group: Group, first: number, rows: number): Operation[] {
    const { key } = this.pending.memory.schema;
    if (key === null) return [];
    const freed: Operation[] = [];
    const codec = group.staged.codecs[key.index];
    for (let row = first; row < first + rows; row++) {
      const chunk = locate(group.staged.chunkList, row);
      const column = chunk.columns[key.index];
      const at = row - chunk.start;
      const taken = this.pending.takenOutside(group, column, at, (deletion) => freed.push(deletion));
      if (taken) throw new DuplicateKeyError(this.pending.memory.schema.name, key.name, codec.read(column, at));
    }
    return freed;
  }

  #checkKey(key: unknown): unknown {
    return capture(this.pending.memory.codecs[this.#keyField.index].check(key));
  }

  /** The checked values of all fields of a row that was given. */
  #valuesOf(row: unknown): unknown[] {
    const { schema, codecs } = this.pending.memory;
    this.#keyField;
    if (typeof row !== "object" || row === null)
      throw new ValidationError({ entity: schema.name, value: row, expected: "an object with the entity's fields" });
    if (!(row instanceof (this.#entity as unknown as abstract new () => object))) {
      for (const name in row) if (!schema.has(name)) throw unknownField(schema, name);
    }
    const given = row as Record<string, unknown>;
    return codecs.map((codec) => capture(codec.take(given[codec.field.name])));
  }
}
