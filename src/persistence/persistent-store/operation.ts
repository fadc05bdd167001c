import type { EntityRow } from "../../entity/types.ts";
import type { FaunError } from "../../errors.ts";
import type { SoA } from "../../soa/soa.ts";
import type { KeyId } from "../key-id.ts";

/** Checked values to write: pairs of field index and value. Nobody else holds them. */
export type FieldValues = readonly (readonly [field: number, value: unknown])[];

/** What an operation has until it is settled. Classes, and few fields: a million may be waiting. */
abstract class Pending {
  state: "pending" | "done" | "failed" = "pending";
  /** Something behind it was found valid because of it: should it fail, what is queued is validated again. */
  needed = false;
  /** What it resolves or rejects with. */
  outcome: unknown = undefined;
  resolve: (value: unknown) => void = unset;
  reject: (error: unknown) => void = unset;
}

const unset = () => {};

/** What rows are staged in: a group. */
interface Home {
  readonly staged: SoA<EntityRow>;
}

/** Rows of `home.staged`: `count` from row `row` on. */
export class AddOperation extends Pending {
  readonly kind = "add";
  home: Home;
  row: number;
  readonly count: number;
  /** It resolves with a range of rows. */
  readonly batch: boolean;

  constructor(home: Home, row: number, count: number, batch: boolean) {
    super();
    this.home = home;
    this.row = row;
    this.count = count;
    this.batch = batch;
  }
}

export class UpdateOperation extends Pending {
  readonly kind = "update";

  /** @param base all values of the row from which `values` were computed; null where they were given */
  constructor(
    readonly key: unknown,
    readonly id: KeyId,
    readonly values: FieldValues,
    readonly base: readonly unknown[] | null,
  ) {
    super();
  }
}

export class UpsertOperation extends Pending {
  readonly kind = "upsert";
  /** Row of its group's `staged`, or -1 where it overwrites a row that is there before the group is. */
  row = -1;
  /** Row in memory that it overwrote. */
  overwritten = -1;

  /** @param values of all fields, in order */
  constructor(
    readonly key: unknown,
    readonly id: KeyId,
    readonly values: readonly unknown[],
  ) {
    super();
  }
}

export class DeleteOperation extends Pending {
  readonly kind = "delete";
  found = false;

  constructor(
    readonly key: unknown,
    readonly id: KeyId,
  ) {
    super();
  }
}

export type Operation = AddOperation | UpdateOperation | UpsertOperation | DeleteOperation;

/** Settles an operation. Whoever asked for it is told by `tell`, when what is pending is in order again. */
export function succeed(operation: Operation, value: unknown): void {
  operation.state = "done";
  operation.outcome = value;
}

export function fail(operation: Operation, error: FaunError): void {
  operation.state = "failed";
  operation.outcome = error;
}

export function tell({ state, outcome, resolve, reject }: Operation): void {
  if (state === "done") resolve(outcome);
  else reject(outcome);
}
