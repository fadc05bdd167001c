import { DatabaseError } from "../../errors.ts";

/** A name as SQL writes it, whatever is in it. @throws DatabaseError for a name with NUL, which SQL text cannot hold */
export function quoteName(name: string): string {
  return `"${checked(name, "a name").replaceAll('"', '""')}"`;
}

/**
 * A string as SQL writes it. Only for what no parameter can say (the values of an ENUM in DDL): values of queries are
 * always bound. @throws DatabaseError for a text with NUL
 */
export function quoteText(text: string): string {
  return `'${checked(text, "a text").replaceAll("'", "''")}'`;
}

/** @throws DatabaseError where SQL text has NUL, behind which the engine would not read on */
export function assertSqlText(sql: string): void {
  checked(sql, "the statement");
}

function checked(text: string, what: string): string {
  if (text.includes("\0"))
    throw new DatabaseError(`${what} has a NUL character, which SQL text cannot hold: ${JSON.stringify(text.slice(0, 60))}`);
  if (!text.isWellFormed())
    throw new DatabaseError(`${what} has a lone surrogate, which is no text: ${JSON.stringify(text.slice(0, 60))}`);
  return text;
}
