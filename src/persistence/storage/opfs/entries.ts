import type { OpfsFolder } from "./platform.ts";

/**
 * How the files of a storage lie in a folder. The file system gives a file up to whoever replaces or removes it, whoever
 * reads it; so contents and names are kept apart:
 *
 * - `@<id>` has the bytes of a file. It only ever grows, and goes when no name means it and nobody reads it.
 * - `<name>@<generation>@<id>` is empty: it says what a name means. Of several the highest generation counts.
 */
export interface Entries {
  /** What each name means. */
  readonly names: ReadonlyMap<string, Meaning>;
  /** Contents there are. */
  readonly ids: ReadonlySet<string>;
  /** Entries of names that no longer count. */
  readonly outdated: readonly string[];
}

export interface Meaning {
  readonly generation: number;
  readonly id: string;
}

const NAME = /^(.+)@(\d+)@([0-9a-z]+)$/;
const CONTENT = /^@([0-9a-z]+)$/;

export const nameEntry = (name: string, { generation, id }: Meaning): string => `${name}@${generation}@${id}`;
export const contentEntry = (id: string): string => `@${id}`;

/** An id that no content has or had: one who is about to read what was just removed must not get another. */
export const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(3)), (word) => word.toString(36).padStart(7, "0")).join("");

/** Reads a folder. What is not of these forms is none of a storage's, and left alone. O(files) */
export async function readEntries(folder: OpfsFolder): Promise<Entries> {
  const names = new Map<string, Meaning>();
  const ids = new Set<string>();
  const outdated: string[] = [];
  for await (const entry of folder.keys()) {
    const content = CONTENT.exec(entry);
    if (content !== null) ids.add(content[1]);
    const [, name, digits, id] = NAME.exec(entry) ?? [];
    if (name === undefined) continue;
    const meaning = { generation: Number(digits), id };
    const other = names.get(name);
    if (other === undefined || other.generation < meaning.generation) names.set(name, meaning);
    if (other !== undefined) outdated.push(nameEntry(name, other.generation < meaning.generation ? other : meaning));
  }
  return { names, ids, outdated };
}
