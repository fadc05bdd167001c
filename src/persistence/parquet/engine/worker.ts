import { FaunError } from "../../../errors.ts";
import { decodedBuffers, runDecodeJob, sharedSize } from "./decode-job.ts";
import { runEncodeJob } from "./encode-job.ts";
import type { Job, JobResult, Reply, Request } from "./messages.ts";
import { parentPort } from "./platform.ts";
import { noteUnseenMemory } from "./unseen-memory.ts";
import { toWire } from "./wire-error.ts";

// What a worker thread runs: it encodes and decodes column chunks, one after the other, as it is told.

const port = parentPort();

function reply(message: Reply, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

async function run(job: Job): Promise<{ readonly result: JobResult; readonly transfer: ArrayBuffer[] }> {
  if (job.kind === "decode") {
    const result = await runDecodeJob(job);
    if (job.shared) noteUnseenMemory(result.columns.reduce((bytes, column) => bytes + sharedSize(column), 0));
    return { result, transfer: decodedBuffers(result.columns) };
  }
  const result = await runEncodeJob(job);
  return { result, transfer: result.parts.map(({ buffer }) => buffer as ArrayBuffer) };
}

port.onmessage = async ({ data }) => {
  const { id, job } = data as Request;
  try {
    const { result, transfer } = await run(job);
    reply({ kind: "done", id, result }, transfer);
  } catch (error) {
    const place = job.kind === "decode" ? "" : job.place;
    // What stumbled or trapped may have left an engine in a state that nobody thought of.
    reply({ kind: "failed", id, error: toWire(error, place), retire: !(error instanceof FaunError) });
  }
};

reply({ kind: "ready" });
