import { MAX_WORKERS } from "../wasm/arena-kernels.ts";
import { processors } from "./platform.ts";

/** How many worker threads may take part in a scan: "auto", as many as there are processors besides one, or a number, 0 for none. */
export type Workers = "auto" | number;

let others: number | undefined;

/** The number that is meant, at most what arenas have scratch memory for. */
export function workerLimit(workers: Workers): number {
  if (workers === "auto") {
    others ??= processors() - 1;
    return Math.min(others, MAX_WORKERS);
  }
  return Math.min(workers, MAX_WORKERS);
}
