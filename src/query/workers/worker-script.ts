import { CONTROL, TASK, WORD } from "./job-layout.ts";

/**
 * What a worker thread of Node runs: it sleeps until its control word says there is work, takes the tasks of a job from the
 * last to the first, interprets the program of each (see {@link ScanJob}) and sleeps again. After `idleMs` without work it ends.
 * A string, for it is started without a file: bundlers and editors need not know of it.
 */
export const WORKER_SCRIPT = `"use strict";
const { parentPort, receiveMessageOnPort, workerData } = require("worker_threads");
const { control, module, signatures, base, scratchBytes, idleMs } = workerData;
const arenas = new Map();
let states, words, bigints, bytes;

function receive(message) {
  if (message.forget !== undefined) arenas.delete(message.forget);
  if (message.memory !== undefined) {
    const { memory, id } = message;
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const calls = signatures.map(([name, kinds]) => ({ run: exports[name], kinds }));
    arenas.set(id, { calls, scratch: new Uint8Array(memory.buffer, base, scratchBytes) });
  }
  if (message.job !== undefined) {
    states = new Int32Array(message.job);
    words = new Float64Array(message.job);
    bigints = new BigInt64Array(message.job);
    bytes = new Uint8Array(message.job);
  }
}

function run(task) {
  const { calls, scratch } = arenas.get(states[task + ${TASK.arena}]);
  let at = states[task + ${TASK.program}];
  for (;;) {
    switch (words[at++]) {
      case ${WORD.end}:
        return;
      case ${WORD.call}: {
        const { run, kinds } = calls[words[at++]];
        const out = words[at++];
        const args = [];
        for (const kind of kinds) {
          args.push(kind === "i" ? bigints[at] : kind === "s" ? words[at] + base : words[at]);
          at++;
        }
        const result = run(...args);
        if (out > 0) words[out] = result;
        break;
      }
      case ${WORD.load}: {
        const from = words[at++];
        scratch.set(bytes.subarray(from, from + words[at++]), words[at++]);
        break;
      }
      case ${WORD.save}: {
        const from = words[at++];
        bytes.set(scratch.subarray(from, from + words[at++]), words[at++]);
        break;
      }
      case ${WORD.copy}: {
        const from = words[at++];
        const length = words[at++];
        scratch.copyWithin(words[at++], from, from + length);
        break;
      }
      case ${WORD.clear}: {
        const from = words[at++];
        scratch.fill(0, from, from + words[at++]);
        break;
      }
      default:
        throw new Error("unknown instruction");
    }
  }
}

function work() {
  for (;;) {
    const left = Atomics.sub(states, ${TASK.left}, 1);
    if (left <= 0) return;
    const task = ${TASK.first} + (left - 1) * ${TASK.words};
    // Whoever asks takes tasks from the first on: where it is, nothing before is left.
    if (Atomics.compareExchange(states, task, ${TASK.open}, ${TASK.claimed}) !== ${TASK.open}) return;
    let outcome = ${TASK.done};
    try {
      run(task);
    } catch {
      outcome = ${TASK.failed};
    }
    Atomics.store(states, task, outcome);
    Atomics.notify(states, task);
  }
}

Atomics.store(control, 0, ${CONTROL.idle});
Atomics.notify(control, 0);
for (;;) {
  const woken = Atomics.wait(control, 0, ${CONTROL.idle}, idleMs);
  if (woken === "timed-out" && Atomics.compareExchange(control, 0, ${CONTROL.idle}, ${CONTROL.ended}) === ${CONTROL.idle}) break;
  for (let next; (next = receiveMessageOnPort(parentPort)) !== undefined; ) receive(next.message);
  if (Atomics.compareExchange(control, 0, ${CONTROL.called}, ${CONTROL.working}) !== ${CONTROL.called}) continue;
  work();
  Atomics.store(control, 0, ${CONTROL.idle});
  Atomics.notify(control, 0);
}
`;
