import { IoError } from "../../errors.ts";
import { type FileWriter, folderOf, type Storage } from "./storage.ts";
import { ioError } from "./storage-full-error.ts";

/** What temporary files end with: those that a crash leaves behind are found by it, and no file of anybody else. */
const TEMPORARY = /\.faun-[0-9a-z]+\.tmp$/;

/** How a replacement is done in steps, so that whoever writes can look at signals in between. */
export interface ReplaceOptions {
  /** Called when all is written and synced, before the old file goes. What it throws ends the replacement. */
  beforeRename?: (() => void) | undefined;
  /** Begins the temporary file, so that it has bytes already; null where it is to be begun empty. */
  begin?: ((temporary: string) => Promise<FileWriter | null>) | undefined;
}

/**
 * Replaces a file, or makes it: whoever opens the name, at any time and after any crash, finds the old content or the
 * new one, whole. When this resolves the new content is durable.
 *
 * The content goes to a temporary file in the same folder, which is synced, closed and renamed; then the folder is
 * synced. A sync that failed is not tried again, for systems drop the pages that they could not write.
 * @param write writes the content; what it throws is passed on and leaves the old content
 * @throws IoError with `outcome` "failed" where the old content stays, "unknown" where the new one may be there
 */
export async function replaceFile(
  storage: Storage,
  name: string,
  write: (writer: FileWriter) => Promise<void>,
  options: ReplaceOptions = {},
): Promise<void> {
  const temporary = temporaryName(name);
  try {
    const writer = (await options.begin?.(temporary)) ?? (await storage.create(temporary));
    try {
      await write(writer);
      await writer.sync();
    } finally {
      await writer.close();
    }
    options.beforeRename?.();
  } catch (error) {
    await removeQuietly(storage, temporary);
    throw error;
  }
  try {
    await storage.rename(temporary, name);
  } catch (error) {
    if (error instanceof IoError && error.outcome === "failed") await removeQuietly(storage, temporary);
    throw error;
  }
  try {
    await storage.syncFolder(folderOf(name));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw ioError(`${storage.location}: ${name} was replaced, but may not outlive a crash: ${why}`, {
      cause,
      outcome: "unknown",
    });
  }
}

/** Removes what replacements that a crash ended left in a folder. For whoever holds the writers' lock. */
export async function removeLeftovers(storage: Storage, folder: string): Promise<void> {
  const prefix = folder === "" ? "" : `${folder}/`;
  for (const { name } of await storage.list(folder)) if (isTemporary(name)) await storage.remove(prefix + name);
}

/** Whether a name is that of a file being written, or of one that was when its writer ended. */
export const isTemporary = (name: string): boolean => TEMPORARY.test(name);

/** A name beside `name` that nobody else takes. */
export function temporaryName(name: string): string {
  const random = crypto.getRandomValues(new Uint32Array(2));
  return `${name}.faun-${Array.from(random, (word) => word.toString(36)).join("")}.tmp`;
}

/** It is a leftover at worst, and whoever asked is told of what went wrong before. */
export async function removeQuietly(storage: Storage, name: string): Promise<void> {
  try {
    await storage.remove(name);
  } catch {}
}
