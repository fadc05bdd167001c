import type { EncodedChunk } from "../write/column-chunk.ts";
import type { DecodedChunks, DecodeJob } from "./decode-job.ts";
import type { EncodeJob } from "./encode-job.ts";
import type { WireError } from "./wire-error.ts";

/** Work for a worker: plain data. */
export type Job = DecodeJob | EncodeJob;

export type JobResult = DecodedChunks | EncodedChunk;

export interface Request {
  readonly id: number;
  readonly job: Job;
}

/** First of all a worker says that it is ready, and then what came of each request. */
export type Reply =
  | { readonly kind: "ready" }
  | { readonly kind: "done"; readonly id: number; readonly result: JobResult }
  /** `retire`: the worker does not trust itself any more. */
  | { readonly kind: "failed"; readonly id: number; readonly error: WireError; readonly retire: boolean };
