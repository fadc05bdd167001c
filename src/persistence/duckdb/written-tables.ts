const IDENTIFIER = String.raw`(?:"(?:[^"]|"")+"|[a-z_][\w$]*)`;
/** Whole: what DuckDB takes for letters and for spaces beyond ASCII is left to DuckDB. */
const NAME = String.raw`(?!(?:only|table|if)\b)(${IDENTIFIER}(?:\s*\.\s*${IDENTIFIER})*)(?![\w$"]|[^\0-\x7f]|\s*[.,])`;
/** May stand between any two words. */
const COMMENT = /--|\/\*/;

/** Statements that say plainly which table they change. */
const TARGETS = [
  String.raw`insert\s+(?:or\s+(?:replace|ignore)\s+)?into\s+${NAME}`,
  String.raw`update\s+${NAME}`,
  String.raw`delete\s+from\s+${NAME}`,
  String.raw`merge\s+into\s+${NAME}`,
  String.raw`truncate\s+(?:table\s+)?${NAME}`,
  String.raw`drop\s+table\s+(?:if\s+exists\s+)?${NAME}`,
  String.raw`copy\s+${NAME}\s*(?:\([^()]*\)\s*)?from\b`,
].map((form) => new RegExp(String.raw`^\s*${form}`, "iu"));

/** Those that change no row of any table that is there. */
const HARMLESS = [
  String.raw`copy\s*\(`,
  String.raw`copy\s+${NAME}\s*(?:\([^()]*\)\s*)?to\b`,
  String.raw`create\s+(?!\s|or\b)`,
].map((form) => new RegExp(String.raw`^\s*${form}`, "iu"));

/** The parts of the name of the one table that a statement changes; null where the text does not tell it plainly. */
function targetOf(sql: string): string[] | null {
  for (const form of TARGETS) {
    const name = form.exec(sql)?.[1];
    if (name !== undefined)
      return Array.from(name.matchAll(new RegExp(IDENTIFIER, "giu")), ([part]) =>
        part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part,
      );
  }
  return null;
}

/**
 * Whether a statement that ran may have changed rows of a table, as far as its text tells: rather once too often than once
 * too seldom. DuckDB has no views that are written to and no triggers.
 * @param elsewhere whether a name in front of that of a table is that of another database
 */
export function mayChange(sql: string, table: string, elsewhere: (catalog: string) => boolean): boolean {
  const plain = !COMMENT.test(sql);
  if (plain && HARMLESS.some((form) => form.test(sql))) return false;
  const target = plain ? targetOf(sql) : null;
  const name = table.toLowerCase();
  if (target !== null) {
    if (target.length > 1 && elsewhere(target[0] as string)) return false;
    return target.at(-1)?.toLowerCase() === name;
  }
  const text = sql.toLowerCase();
  return text.includes(name) || text.includes(name.replaceAll('"', '""')) || /\bexecute\b/.test(text);
}
