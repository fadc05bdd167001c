import { CHUNK_ROWS } from "../../../soa/chunk.ts";
import type { Binding } from "../binding.ts";
import { quoteName } from "../identifiers.ts";
import type { LiveSource } from "./live-source.ts";
import { rowsSql, type StatementRows } from "./table-function.ts";

/** Words of a text of SQL, in lower case, be they names or not. */
export const wordsOf = (sql: string): ReadonlySet<string> => new Set(sql.toLowerCase().match(/[\p{L}\p{N}_]+/gu));

/** How a statement begins that tables can be put in front of: what comes before them, and the word in front of its own. */
const BEGINNING = /^\s*((?:explain\s+(?:analyze\s+)?)?)(?:(with\s+(?:recursive\s+)?)|(?=select\s|from\s))/i;

/** What follows the names of tables and views that a statement makes. */
const CONTENT = /\sas\s[\s\S]*/i;

/** What a statement says that changes where names are looked up. */
const SEARCH_PATH = /\b(?:use|schema|search_path)\b/i;

/** Has statements over many rows read the columns that they name in the fastest way. */
export class NamedColumns {
  readonly #sources: ReadonlyMap<string, LiveSource>;
  /** Names that nothing but the views of the sources can be meant by. */
  readonly #plain: Set<string>;

  constructor(sources: ReadonlyMap<string, LiveSource>) {
    this.#sources = sources;
    this.#plain = new Set(sources.keys());
  }

  /**
   * A text that gives the same rows sooner, or undefined. It may be none that can be prepared, where the statement has
   * tables of the same names itself: then its own text is to be taken, and for whatever is wrong with that.
   */
  rewrite(sql: string, rows: StatementRows): string | undefined {
    const beginning = BEGINNING.exec(sql);
    if (beginning === null) return undefined;
    const words = wordsOf(sql);
    const tables: string[] = [];
    for (const [name, { schema }] of this.#sources) {
      if (!this.#plain.has(name) || !words.has(name.toLowerCase()) || (rows.pinned(name)?.size ?? 0) < CHUNK_ROWS) continue;
      tables.push(`${quoteName(name)} AS NOT MATERIALIZED (${rowsSql(name, schema, words)})`);
    }
    if (tables.length === 0) return undefined;
    const [{ length }, explain = "", own] = beginning;
    // On a line of its own: messages show the line that they are about.
    return `${explain}${own ?? "WITH "}${tables.join(", ")}${own === undefined ? "" : ","}\n${sql.slice(length)}`;
  }

  /** To be told of every statement that ran, and of what type of the engine's it is: names may mean something else then. */
  ran({ StatementType }: Binding, type: number, sql: string): void {
    if (type === StatementType.CREATE || type === StatementType.ALTER || type === StatementType.DROP) {
      const words = wordsOf(sql.replace(CONTENT, ""));
      for (const name of this.#plain) if (words.has(name.toLowerCase())) this.#plain.delete(name);
    } else if (type === StatementType.SET || type === StatementType.VARIABLE_SET) {
      if (SEARCH_PATH.test(sql)) this.#plain.clear();
    }
  }
}
