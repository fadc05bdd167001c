import { CorruptDataError } from "../../../errors.ts";
import { type FileMetaData, Repetition, type SchemaElement } from "./metadata.ts";

/** Groups may lie in groups to this depth. */
const MAX_DEPTH = 64;

/** A column of a file: a node of its schema that has values. */
export interface Leaf {
  /** Position among the leaves, and so among the columns of every row group. */
  readonly index: number;
  /** Names from below the root down to this node. More than one: the column is nested. */
  readonly path: readonly string[];
  readonly element: SchemaElement;
  /** Highest definition level: how many nodes of the path may be null or repeated. */
  readonly maxDefinition: number;
  /** Highest repetition level: how many nodes of the path are repeated. */
  readonly maxRepetition: number;
}

/**
 * The columns of a schema, in the order of the file.
 * @param place begins the messages of errors
 * @throws CorruptDataError where the list of nodes is no tree
 */
export function schemaLeaves(schema: FileMetaData["schema"], place: string): Leaf[] {
  const fail = (reason: string): never => {
    throw new CorruptDataError(`${place}: ${reason}`);
  };
  const leaves: Leaf[] = [];
  let next = 0;
  const visit = (path: readonly string[], definition: number, repetition: number): void => {
    if (path.length > MAX_DEPTH) fail(`the schema is more than ${MAX_DEPTH} groups deep`);
    const element = schema[next++] ?? fail("the schema ends in the middle of a group");
    const root = next === 1;
    const repeated = element.repetitionType ?? Repetition.REQUIRED;
    const maxRepetition = repetition + (!root && repeated === Repetition.REPEATED ? 1 : 0);
    const maxDefinition = definition + (!root && repeated !== Repetition.REQUIRED ? 1 : 0);
    const own = root ? path : [...path, element.name];
    if (!root && element.type !== undefined) {
      leaves.push({ index: leaves.length, path: own, element, maxDefinition, maxRepetition });
      return;
    }
    const children = element.numChildren ?? 0;
    if (children < 0) fail(`the group ${JSON.stringify(element.name)} has ${children} children`);
    for (let i = 0; i < children; i++) visit(own, maxDefinition, maxRepetition);
  };
  visit([], 0, 0);
  if (next !== schema.length) fail(`the schema has ${schema.length} nodes, but its groups only ${next}`);
  return leaves;
}
