import { MAX_WORKERS, WORKER_BYTES, workerScratch } from "../wasm/arena-kernels.ts";
import { CONTROL, SIGNATURES, TASK } from "./job-layout.ts";
import { startThread, type Thread } from "./platform.ts";
import { ScanJob, type ScanTask } from "./scan-job.ts";

export interface PoolOptions {
  /** Milliseconds after which a worker without work ends. */
  readonly idleMs: number;
  /** Milliseconds to wait for a task that a worker has begun; then it is done here. */
  readonly patienceMs: number;
  /** Milliseconds without sharing after work was given away and processors proved busy; doubled each time, up to 32 times. */
  readonly backOffMs: number;
  /** What workers run. */
  readonly script: string;
}

interface PoolWorker {
  readonly control: Int32Array;
  readonly thread: Thread;
  /** Its place in the scratch memory of arenas, free again when the thread is gone. */
  readonly place: number;
  readonly arenas: Set<number>;
  job: SharedArrayBuffer | null;
  /** When it was first seen late, in ms; 0: it is not. */
  lateSince: number;
}

/** Milliseconds that a late worker has to come back before it is ended. */
const LATE_MS = 5_000;

/** Calling workers takes longer than this, in milliseconds, only where this thread is interrupted. */
const CALL_MS = 0.3;

const MAX_BACK_OFF = 32;

/** Milliseconds for which a measured dispatch time holds. */
const MEASURED_MS = 1_000;

/** Failed tasks after which no more work is given away. */
const MAX_FAILURES = 8;

/**
 * Worker threads that take part in scans of this thread. They sleep between jobs and end by themselves. Nothing here waits
 * for a worker without bounds, and whatever one does not bring back is done here: threads make answers quicker, never other.
 */
export class WorkerPool {
  readonly #module: WebAssembly.Module;
  readonly #options: PoolOptions;
  readonly #workers: PoolWorker[] = [];
  readonly #arenas = new WeakMap<WebAssembly.Memory, number>();
  readonly #dropped = new FinalizationRegistry<number>((id) => this.#forget(id));
  #nextArena = 0;
  #job: ScanJob | null = null;
  #busy = false;
  #tasksDone = 0;
  #failures = 0;
  #dispatchMs = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;
  #backOff = 1;
  #restUntil = Number.NEGATIVE_INFINITY;

  constructor(module: WebAssembly.Module, options: PoolOptions) {
    this.#module = module;
    this.#options = options;
  }

  /** Threads that are there, starting ones included. */
  get size(): number {
    return this.#workers.length;
  }

  /** Tasks that workers have done for scans. */
  get tasksDone(): number {
    return this.#tasksDone;
  }

  /** Whether so much has failed that no work is given away any more. */
  get isBroken(): boolean {
    return this.#failures >= MAX_FAILURES;
  }

  /** Ends all threads at once. */
  terminate(): void {
    for (const { thread } of this.#workers) thread.terminate();
  }

  /**
   * Up to `limit` workers that wait for work; starts those that are missing, which wait for work a little later. None
   * while a job is under way, or after many failures.
   */
  idle(limit: number): readonly PoolWorker[] {
    if (this.#busy || this.isBroken || performance.now() < this.#restUntil) return [];
    this.#tidy();
    while (this.#workers.length < Math.min(limit, MAX_WORKERS) && this.#start());
    return this.#workers.filter(({ control }) => Atomics.load(control, 0) === CONTROL.idle).slice(0, limit);
  }

  /** Waits, at most for `ms`, until `count` workers have started. @returns whether they have. For tests. @internal */
  started(count: number, ms: number): boolean {
    this.idle(count);
    const until = performance.now() + ms;
    for (const { control } of this.#workers.slice(0, count)) {
      Atomics.wait(control, 0, CONTROL.starting, Math.max(0, until - performance.now()));
    }
    return this.idle(count).length >= count;
  }

  /** Milliseconds from giving work away until it is back, were there nothing to do. Measured anew now and then: machines get busy. */
  dispatchMs(workers: readonly PoolWorker[]): number {
    if (performance.now() - this.#measuredAt > MEASURED_MS) {
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 3; i++) {
        const begin = performance.now();
        const job = this.#jobFor(0);
        job.write([], () => 0);
        this.#call(job, workers);
        for (const { control } of workers) {
          Atomics.wait(control, 0, CONTROL.called, this.#options.patienceMs);
          Atomics.wait(control, 0, CONTROL.working, this.#options.patienceMs);
        }
        this.#end(job, workers, true);
        least = Math.min(least, performance.now() - begin);
      }
      this.#dispatchMs = least;
      this.#measuredAt = performance.now();
    }
    return this.#dispatchMs;
  }

  /** Gives tasks to workers that `idle` gave. The tasks' chunks must not be written to before `end`. */
  begin(
    tasks: readonly ScanTask[],
    bytes: number,
    workers: readonly PoolWorker[],
    memoryOf: (task: ScanTask) => WebAssembly.Memory,
  ): RunningJob {
    const job = this.#jobFor(bytes);
    const memories = new Map<number, WebAssembly.Memory>();
    job.write(tasks, (task) => {
      const memory = memoryOf(task);
      const id = this.#idOf(memory);
      memories.set(id, memory);
      return id;
    });
    for (const worker of workers) {
      for (const [id, memory] of memories) {
        if (worker.arenas.has(id)) continue;
        worker.thread.postMessage({ memory, id });
        worker.arenas.add(id);
      }
    }
    this.#call(job, workers);
    return new RunningJob(job, this.#options.patienceMs, (punctual, done, failures) => {
      this.#tasksDone += done;
      this.#failures += failures;
      this.#end(job, workers, punctual);
    });
  }

  #call(job: ScanJob, workers: readonly PoolWorker[]): void {
    this.#busy = true;
    const begin = performance.now();
    for (const worker of workers) {
      if (worker.job !== job.buffer) {
        worker.thread.postMessage({ job: job.buffer });
        worker.job = job.buffer;
      }
      // One that ended in the meantime stays as it is.
      if (Atomics.compareExchange(worker.control, 0, CONTROL.idle, CONTROL.called) === CONTROL.idle)
        Atomics.notify(worker.control, 0);
    }
    // A woken thread that finds no other processor free runs instead of this one: nothing is gained, and much may be lost.
    this.#heed(performance.now() - begin < CALL_MS);
  }

  /** Heeds whether there were processors for the workers: rests for longer and longer where not. */
  #heed(isFree: boolean): void {
    if (isFree) this.#backOff = Math.max(1, this.#backOff / 2);
    else {
      this.#restUntil = performance.now() + this.#options.backOffMs * this.#backOff;
      this.#backOff = Math.min(MAX_BACK_OFF, this.#backOff * 2);
    }
  }

  /** Waits for workers that are at a task. A job that one of them may still write to is never used again. */
  #end(job: ScanJob, workers: readonly PoolWorker[], punctual: boolean): void {
    Atomics.store(job.states, TASK.left, 0);
    for (const { control } of workers) {
      if (Atomics.compareExchange(control, 0, CONTROL.called, CONTROL.idle) === CONTROL.called) continue;
      if (punctual) Atomics.wait(control, 0, CONTROL.working, this.#options.patienceMs);
      if (Atomics.load(control, 0) !== CONTROL.working) continue;
      punctual = false;
      this.#job = null;
    }
    this.#busy = false;
    if (!punctual) this.#heed(false);
  }

  #jobFor(bytes: number): ScanJob {
    if (this.#job === null || this.#job.buffer.byteLength < bytes) this.#job = new ScanJob(Math.max(bytes * 1.5, 1 << 16));
    return this.#job;
  }

  #start(): boolean {
    const places = new Set(this.#workers.map(({ place }) => place));
    const place = Array.from({ length: MAX_WORKERS }, (_, i) => i).find((i) => !places.has(i));
    if (place === undefined) return false;
    const control = new Int32Array(new SharedArrayBuffer(4));
    const { idleMs, script } = this.#options;
    try {
      const base = workerScratch(place);
      const data = { control, module: this.#module, signatures: SIGNATURES, base, scratchBytes: WORKER_BYTES, idleMs };
      const thread = startThread(script, data);
      const worker: PoolWorker = { control, thread, place, arenas: new Set(), job: null, lateSince: 0 };
      // A thread that breaks down is one helper less; what it held is done here.
      thread.on("error", () => {
        this.#failures++;
      });
      thread.on("exit", () => this.#remove(worker));
      this.#workers.push(worker);
      return true;
    } catch {
      this.#failures = MAX_FAILURES;
      return false;
    }
  }

  #remove(worker: PoolWorker): void {
    const at = this.#workers.indexOf(worker);
    if (at >= 0) this.#workers.splice(at, 1);
  }

  /** Forgets workers that ended, and ends those that have been at a task for seconds: they leave when they are gone. */
  #tidy(): void {
    for (const worker of [...this.#workers]) {
      const state = Atomics.load(worker.control, 0);
      // It says so itself, before the event loop gets to its exit, and touches nothing any more.
      if (state === CONTROL.ended) this.#remove(worker);
      else if (state !== CONTROL.working && state !== CONTROL.called) worker.lateSince = 0;
      else if (worker.lateSince === 0) worker.lateSince = performance.now();
      else if (performance.now() - worker.lateSince > LATE_MS) worker.thread.terminate();
    }
  }

  #idOf(memory: WebAssembly.Memory): number {
    let id = this.#arenas.get(memory);
    if (id === undefined) {
      id = this.#nextArena++;
      this.#arenas.set(memory, id);
      this.#dropped.register(memory, id);
    }
    return id;
  }

  /** A store was dropped: threads must not keep its arena. A sleeping one lets go when it wakes or ends. */
  #forget(id: number): void {
    for (const { arenas, thread } of this.#workers) if (arenas.delete(id)) thread.postMessage({ forget: id });
  }
}

/** Tasks that workers are at. Whoever gave them away takes them in order, from the first. */
export class RunningJob {
  readonly job: ScanJob;
  readonly #patienceMs: number;
  readonly #end: (punctual: boolean, done: number, failures: number) => void;
  #punctual = true;
  #done = 0;
  #failures = 0;

  constructor(job: ScanJob, patienceMs: number, end: (punctual: boolean, done: number, failures: number) => void) {
    this.job = job;
    this.#patienceMs = patienceMs;
    this.#end = end;
  }

  /** Whether a worker has done this task, or does it in time. False: it is to be done here. */
  take(t: number): boolean {
    const { states } = this.job;
    const state = TASK.first + t * TASK.words;
    let found = Atomics.compareExchange(states, state, TASK.open, TASK.own);
    if (found === TASK.claimed && this.#punctual) {
      Atomics.wait(states, state, TASK.claimed, this.#patienceMs);
      found = Atomics.load(states, state);
    }
    if (found === TASK.done) {
      this.#done++;
      return true;
    }
    if (found === TASK.failed) this.#failures++;
    if (found === TASK.claimed) this.#punctual = false;
    return false;
  }

  /** Takes back what is not begun and waits for what is. To be called however the scan ends. */
  end(): void {
    this.#end(this.#punctual, this.#done, this.#failures);
  }
}
