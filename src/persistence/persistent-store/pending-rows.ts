import type { Column } from "../../columns/column.ts";
import type { EntityRow } from "../../entity/types.ts";
import { findRow } from "../../soa/find-row.ts";
import { locate } from "../../soa/locate.ts";
import type { SoA } from "../../soa/soa.ts";
import { type KeyId, keyId } from "../key-id.ts";
import type { Barrier } from "./barrier.ts";
import { capture } from "./capture.ts";
import { Group } from "./group.ts";
import type { Operation } from "./operation.ts";

type Kernel = SoA<EntityRow>;
export type Unit = Group | Barrier;

/** Where a row is that is there once everything pending is done: staged in the group of this position, or (-1) in memory. */
interface Place {
  readonly unit: number;
  readonly kernel: Kernel;
  readonly row: number;
}

/** The rows as they will be: memory, and what is pending on top of it. */
export class PendingRows {
  /** Replaced as a whole when rows are loaded or cleared. */
  memory: Kernel;
  /** In order; the first may be on its way to the storage, and is sealed then. */
  units: Unit[] = [];

  constructor(memory: Kernel) {
    this.memory = memory;
  }

  /** Whether the key at `at` of a column of `group`'s is taken by memory or another group; tells of the pending deletion by which it is not. */
  takenOutside(group: Group, column: Column, at: number, freedBy: (deletion: Operation) => void): boolean {
    const codec = group.staged.codecs[(this.memory.schema.key as { index: number }).index];
    for (let i = this.units.length - 1; i >= 0; i--) {
      const unit = this.units[i];
      if (!(unit instanceof Group)) {
        if (unit.empties) return false;
        continue;
      }
      if (unit !== group && findRow(unit.staged, codec, column, at) >= 0) return true;
      if (unit.deleted.size === 0) continue;
      const id = keyId(codec.read(column, at));
      if (!unit.deleted.has(id)) continue;
      const deletion = unit.touched.get(id);
      if (deletion !== undefined) freedBy(deletion);
      return false;
    }
    return findRow(this.memory, codec, column, at) >= 0;
  }

  /** The row with this key once everything pending is done. */
  locate(key: unknown, id: KeyId): Place | null {
    for (let i = this.units.length - 1; i >= 0; i--) {
      const unit = this.units[i];
      if (!(unit instanceof Group)) {
        if (unit.empties) return null;
        continue;
      }
      const row = unit.find(key);
      if (row >= 0) return { unit: i, kernel: unit.staged, row };
      if (unit.deleted.has(id)) return null;
    }
    const row = this.memory.find(key);
    return row < 0 ? null : { unit: -1, kernel: this.memory, row };
  }

  /** The last pending operation on a key. */
  lastOn(key: unknown, id: KeyId): Operation | null {
    for (let i = this.units.length - 1; i >= 0; i--) {
      const unit = this.units[i];
      if (!(unit instanceof Group)) {
        if (unit.empties) return null;
        continue;
      }
      const last = unit.lastOn(key, id);
      if (last !== null) return last;
    }
    return null;
  }

  /** The values of a row, by field index, as they are once everything pending is done. */
  valuesAt({ unit, kernel, row }: Place, id: KeyId): unknown[] {
    const chunk = locate(kernel.chunkList, row);
    const values = kernel.codecs.map((codec, i) => codec.read(chunk.columns[i], row - chunk.start));
    for (let i = Math.max(unit, 0); i < this.units.length; i++) {
      const group = this.units[i];
      if (!(group instanceof Group)) continue;
      for (const [field, value] of group.patches.get(id)?.values ?? []) values[field] = capture(value);
    }
    return values;
  }
}
