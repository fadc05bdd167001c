import { open } from "node:fs/promises";
import { UnsupportedError } from "../../errors.ts";
import { lockHolder } from "../../persistence/storage/file-lock.ts";
import type { LockReport } from "./report.ts";

const UNKNOWN = { pid: null, host: null, since: null };

/** Who writes to a folder; null where nobody ever did. Keeps no writer out. @throws IoError */
export async function lockReport(folder: string, name: string): Promise<LockReport | null> {
  const path = `${folder}/${name}`;
  try {
    const holder = await lockHolder(path, folder, () => open(path, "r"));
    if (holder === null) return { held: false, ...UNKNOWN };
    const { pid = null, host = null, since } = holder;
    return { held: true, pid, host, since: since?.toISOString() ?? null };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    // Without the package that asks the operating system nobody knows.
    if (error instanceof UnsupportedError || isDenied(error)) return { held: null, ...UNKNOWN };
    throw error;
  }
}

const isDenied = (error: unknown): boolean => ["EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "");
