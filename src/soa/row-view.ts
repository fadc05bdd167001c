import type { Bind, Codec } from "../columns/codec.ts";
import { HeapAllocator } from "../columns/heap-allocator.ts";
import { canGenerate, generate } from "../entity/codegen.ts";
import type { EntitySchema, FieldSpec } from "../entity/schema.ts";
import type { EntityClass, EntityRow } from "../entity/types.ts";
import { ViewToken } from "../entity/view-token.ts";
import { RowGoneError, ValidationError } from "../errors.ts";
import { Chunk } from "./chunk.ts";

/** Where a view keeps its place. Symbols, so that no field or member of a user's class can meet them. */
const CHUNK = Symbol("faun.chunk");
const ROW = Symbol("faun.row");

type Place = { [CHUNK]: Chunk; [ROW]: number };
type ViewClass = new (chunk: Chunk, row: number) => object;

export interface RowViews<T> {
  /** A view of a row that is there. Runs the constructors of the user's classes where they have something to do. */
  view(chunk: Chunk, row: number): T;
  /** Set where `view` would do no more than `new`, so that a loop over rows can make views in place. */
  readonly direct: (new (chunk: Chunk, row: number) => T) | null;
}

/**
 * The views of an entity's rows: objects of the user's class (their prototype chain runs through it)
 * whose accessors read and write the columns. Views of read-only rows throw when written.
 *
 * @throws ValidationError where a member of the user's class hides a column or its constructor cannot run
 */
export function rowViews<T extends EntityRow>(
  schema: EntitySchema,
  codecs: readonly Codec[],
  entity: EntityClass<T>,
): RowViews<T> {
  const View = canGenerate ? generatedClass(schema, codecs) : closedClass(schema, codecs);
  Object.setPrototypeOf(View.prototype, entity.prototype as object);
  // `view.constructor` is the user's class, as `with()` and the user's own code expect.
  Reflect.deleteProperty(View.prototype, "constructor");
  Object.defineProperty(View.prototype, Symbol.for("nodejs.util.inspect.custom"), { value: inspectView });

  let pending: { chunk: Chunk; row: number };
  const token = new ViewToken(() => new View(pending.chunk, pending.row));
  const construct = entity as unknown as new (token: ViewToken) => T;
  const view = (chunk: Chunk, row: number): T => {
    pending = { chunk, row };
    return new construct(token);
  };

  const probe = probeView(schema, codecs, entity, view);
  const plain = Reflect.ownKeys(probe).length === 2 && hasPlainConstructors(entity);
  const direct = plain ? (View as unknown as new (chunk: Chunk, row: number) => T) : null;
  return { view: direct === null ? view : (chunk, row) => new direct(chunk, row), direct };
}

/** The chunk and row in it that a view shows; undefined for anything that is no view. */
export function placeOf(value: object): { chunk: Chunk; row: number } | undefined {
  const place = value as Partial<Place>;
  return place[CHUNK] === undefined ? undefined : { chunk: place[CHUNK], row: place[ROW] as number };
}

const isView = (value: unknown): value is Place => typeof value === "object" && value !== null && CHUNK in value;

function generatedClass(schema: EntitySchema, codecs: readonly Codec[]): ViewClass {
  const scope: Record<string, unknown> = { CHUNK, ROW };
  const bind: Bind = (value) => {
    const name = `bound${Object.keys(scope).length}`;
    scope[name] = value;
    return name;
  };
  const accessors = codecs.map((codec, i) => {
    const load = codec.loadSource("column", "row", bind) ?? `${bind(codec)}.load(column, row)`;
    const value = codec.field.nullable ? `column.isNull(row) ? null : ${load}` : load;
    return `
  get ${codec.field.name}() {
    const chunk = this[CHUNK], row = this[ROW];
    if (chunk.dead !== null) chunk.assertAlive(row);
    const column = chunk.columns[${i}];
    return ${value};
  }
  set ${codec.field.name}(value) { ${bind(setterOf(schema, codec.field))}(this, value); }`;
  });
  const body = `return class View { constructor(chunk, row) { this[CHUNK] = chunk; this[ROW] = row; } ${accessors.join("")} };`;
  return generate<ViewClass>(body, scope);
}

function closedClass(schema: EntitySchema, codecs: readonly Codec[]): ViewClass {
  class View {
    [CHUNK]: Chunk;
    [ROW]: number;

    constructor(chunk: Chunk, row: number) {
      this[CHUNK] = chunk;
      this[ROW] = row;
    }
  }
  codecs.forEach((codec, i) => {
    const set = setterOf(schema, codec.field);
    Object.defineProperty(View.prototype, codec.field.name, {
      configurable: true,
      get(this: Place) {
        const chunk = this[CHUNK];
        const row = this[ROW];
        if (chunk.dead !== null) chunk.assertAlive(row);
        return codec.read(chunk.columns[i], row);
      },
      set(this: Place, value: unknown) {
        set(this, value);
      },
    });
  });
  return View;
}

function setterOf(schema: EntitySchema, field: FieldSpec): (view: Place, value: unknown) => void {
  return (view, value) => {
    const chunk = view[CHUNK];
    if (field.key)
      throw readOnly(
        schema,
        field,
        "no write: the key of a stored row is read-only; delete the row and add it under the new key",
      );
    if (chunk.owner === null)
      throw readOnly(schema, field, "no write: this row is read-only; change it through update() of its store");
    chunk.assertAlive(view[ROW]);
    chunk.owner.writeField(chunk, view[ROW], field.index, value);
  };
}

const readOnly = (schema: EntitySchema, field: FieldSpec, expected: string) =>
  new ValidationError({ entity: schema.name, field: field.name, expected });

/** Prints as a standalone instance of the class would; where its row is gone, that. */
function inspectView(this: EntityRow): unknown {
  const prototype = Object.getPrototypeOf(Object.getPrototypeOf(this)) as object;
  try {
    return Object.assign(Object.create(prototype) as object, this.toObject(), Object.fromEntries(Object.entries(this)));
  } catch (error) {
    if (!(error instanceof RowGoneError)) throw error;
    return `[${this.constructor.name}: ${error.message}]`;
  }
}

/**
 * A class field or accessor named like a column would be read instead of it: compiles, and is silently
 * wrong. Accessors show on the prototypes, fields on a view of a row made for the purpose.
 */
function probeView<T extends EntityRow>(
  schema: EntitySchema,
  codecs: readonly Codec[],
  entity: EntityClass<T>,
  view: RowViews<T>["view"],
): T {
  const allocator = new HeapAllocator();
  const columns = codecs.map((codec) => {
    const column = codec.makeColumn(allocator, 1, 0);
    codec.storeEmpty(column, 0);
    return column;
  });
  // Constructors may read any field: while they do, the empty dictionaries of categories have a string.
  const empty = codecs.flatMap(({ dictionary }) => (dictionary !== null && dictionary.size === 0 ? [dictionary] : []));
  for (const dictionary of empty) dictionary.intern("");
  const chunk = new Chunk(schema.name, columns, 0, 1, null);
  chunk.length = 1;
  let probe: T;
  try {
    probe = view(chunk, 0);
  } catch (cause) {
    const expected = `class ${entity.name} to be constructible with one argument that its constructor passes on to super(): stored rows are seen through objects made that way`;
    throw new ValidationError({ entity: schema.name, expected }, { cause });
  } finally {
    for (const dictionary of empty) dictionary.truncate(0);
  }
  if (!isView(probe)) {
    throw new ValidationError({
      entity: schema.name,
      expected: `class ${entity.name} to pass the argument of its constructor on to super()`,
    });
  }
  for (const field of schema.fields) {
    let owner: string | undefined;
    if (Object.hasOwn(probe, field.name)) owner = "field";
    for (let p = entity.prototype as object; owner === undefined && p !== Object.prototype; p = Object.getPrototypeOf(p)) {
      if (Object.hasOwn(p, field.name)) owner = "accessor or method";
    }
    if (owner !== undefined) {
      throw new ValidationError({
        entity: schema.name,
        field: field.name,
        expected: `no ${owner} of this name in class ${entity.name}: it would hide the column (use "declare" to only give it a type)`,
      });
    }
  }
  return probe;
}

/**
 * Whether no class between the user's and the base has a constructor or private fields, as far as their
 * source tells (public fields show on a view). A wrong no costs time only.
 */
function hasPlainConstructors(entity: abstract new (...args: never[]) => object): boolean {
  for (let c: object = entity; ; c = Object.getPrototypeOf(c)) {
    const source = Function.prototype.toString.call(c);
    // The base class of Entity() is the one whose parent is Function.prototype.
    if (Object.getPrototypeOf(c) === Function.prototype) return true;
    if (!source.startsWith("class") || /#|\bconstructor\b|\baccessor\b|WeakMap|WeakSet/.test(source)) return false;
  }
}
