import { recordBatchesOf } from "../../arrow/table.ts";
import { entityOf } from "../../entity/entity.ts";
import { projectEntity } from "../../entity/projection.ts";
import type { EntityClass, EntityRow } from "../../entity/types.ts";
import type { BoundPlan } from "../../query/bound.ts";
import { loadColumn } from "../../query/engine/load.ts";
import { ResultTable } from "../../query/engine/result-table.ts";
import { allRows } from "../../query/engine/selection.ts";
import { concat, type Vector } from "../../query/engine/vector.ts";
import { RowAccess } from "../../soa/row-access.ts";
import type { SoA } from "../../soa/soa.ts";
import type { BackendAnswer, OperationOptions } from "../backend.ts";
import { bindParameter } from "./compile-plan/bind-parameter.ts";
import { type CompiledPlan, compilePlan } from "./compile-plan/compile-plan.ts";
import { INEXACT, NotCompiled, type Parameter } from "./compile-plan/compiled.ts";
import type { DuckConnection } from "./connection.ts";
import { planError } from "./errors.ts";
import { fetchRows } from "./fetch.ts";
import { schemaOfColumns } from "./result-schema.ts";

/** The statement of a plan, or why there is none. */
export function tryCompile(plan: BoundPlan, table: string): CompiledPlan | NotCompiled {
  try {
    return compilePlan(plan, table);
  } catch (error) {
    if (error instanceof NotCompiled) return error;
    throw error;
  }
}

export const bindAll = ({ binding }: DuckConnection, parameters: readonly Parameter[]) =>
  parameters.map((parameter) => bindParameter(binding, parameter));

/**
 * Answers a plan by one statement; undefined where the engine cannot give the exact answer.
 * @param renew called when a statement failed, and with it the transaction of the connection
 * @throws QueryError
 */
export async function answerPlan(
  connection: DuckConnection,
  plan: BoundPlan,
  table: string,
  { signal }: OperationOptions,
  renew: () => Promise<void>,
): Promise<BackendAnswer | undefined> {
  const compiled = tryCompile(plan, table);
  if (compiled instanceof NotCompiled) return undefined;
  const { schema } = plan;
  const names = schema.fields.map(({ name }) => name);
  const entity = plan.wholeRows
    ? projectEntity(schema, names, { keyed: false })
    : (entityOf(schemaOfColumns(compiled.columns)) as unknown as EntityClass<EntityRow>);
  const access = new RowAccess(entity);
  const parts: SoA<EntityRow>[] = [];
  try {
    const values = bindAll(connection, compiled.parameters);
    const stream = await connection.stream(compiled.sql, values, { signal, rollback: true, error: (cause) => cause });
    for await (const part of fetchRows(connection.binding, stream, access)) parts.push(part);
  } catch (cause) {
    if (cause instanceof NotCompiled) return undefined;
    await renew();
    if (signal?.aborted === true && cause === signal.reason) throw cause;
    if (cause instanceof Error && cause.message.includes(INEXACT)) return undefined;
    throw planError(schema.name, cause);
  }
  if (plan.wholeRows) return { batches: parts.flatMap((part) => recordBatchesOf(part)) };
  return { table: tableOf(plan, access, parts) };
}

function tableOf(plan: BoundPlan, { codecs }: RowAccess<EntityRow>, parts: readonly SoA<EntityRow>[]): ResultTable {
  const length = parts.reduce((rows, part) => rows + part.size, 0);
  const columns = plan.output.map(({ name, type, nullable }, i) => {
    const vectors = parts.flatMap(({ chunkList }) =>
      chunkList.map((chunk): Vector => loadColumn(codecs[i], chunk.columns[i], allRows(chunk.length))),
    );
    return { name, type, nullable, vector: concat(vectors, type) };
  });
  return new ResultTable(columns, length);
}
