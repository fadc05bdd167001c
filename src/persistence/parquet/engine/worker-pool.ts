import { type FaunError, IoError } from "../../../errors.ts";
import type { Job, JobResult, Reply, Request } from "./messages.ts";
import { hasWorkers, later, processors, startWorker, type WorkerListener, type WorkerThread } from "./platform.ts";
import { inSlices } from "./slices.ts";
import type { Stop } from "./stop.ts";
import { fromWire } from "./wire-error.ts";

/** Work for a pool. It is packed when a worker is free for it: until then it holds no bytes of its own. */
export interface PoolTask<R extends JobResult> {
  /** Bytes that it takes while it is under way, about. */
  readonly bytes: number;
  readonly stop?: Stop | undefined;
  /** Whether this thread does a part of it, and so needs a processor, too. */
  readonly helped?: boolean | undefined;
  /** The job as plain data, and the buffers that are given away with it. */
  pack(): { readonly job: Job; readonly transfer: ArrayBuffer[] };
  /** Does it on this thread instead. */
  here(): Promise<R>;
  /** The error for what a worker stumbled over, other than by an error of Faun's. */
  failed(message: string): FaunError;
}

interface Entry {
  readonly task: PoolTask<JobResult>;
  /** The first word counts. */
  resolve(result: JobResult): void;
  reject(error: unknown): void;
}

interface PoolWorker {
  readonly thread: WorkerThread;
  ready: boolean;
  /** Takes no more jobs. */
  retired: boolean;
  readonly jobs: Map<number, Entry>;
  cancelIdle: (() => void) | null;
  cancelStart: (() => void) | null;
}

/** One that is worked on, and some that wait at the worker: many take less time than this thread may be busy. */
const JOBS_A_WORKER = 4;
/** Bytes under way at a time, over all workers; a larger job goes alone. */
const BYTES_UNDER_WAY = 64 << 20;
const MOST_WORKERS = 4;

export interface PoolOptions {
  /** Most workers at a time; by default as many as there are processors, up to four. 0: none. */
  readonly workers?: number | undefined;
  /** Milliseconds after which a worker without work ends; 30,000 by default: a new one takes twice the time for its first row groups. */
  readonly idle?: number | undefined;
  /** Milliseconds that a worker may take to start; 10,000 by default. */
  readonly start?: number | undefined;
  /** Starts a worker. */
  readonly spawn?: ((listener: WorkerListener) => WorkerThread) | undefined;
}

/**
 * Some worker threads, started when there is work and ended when there has been none for a while; they keep the process
 * alive only while they work. Where none can be started, the work is done on the calling thread, slice by slice.
 */
export class WorkerPool {
  #size: number;
  readonly #idle: number;
  readonly #start: number;
  readonly #spawn: (listener: WorkerListener) => WorkerThread;
  readonly #workers = new Set<PoolWorker>();
  readonly #queue: Entry[] = [];
  #unavailable: boolean;
  #bytes = 0;
  #nextId = 0;

  constructor({ workers, idle = 30_000, start = 10_000, spawn }: PoolOptions = {}) {
    this.#size = workers ?? Math.min(MOST_WORKERS, processors());
    this.#idle = idle;
    this.#start = start;
    this.#spawn = spawn ?? startWorker;
    this.#unavailable = this.#size === 0 || (spawn === undefined && !hasWorkers());
  }

  /** Workers there are. */
  get workers(): number {
    return this.#workers.size;
  }

  /** Whether work is done by workers. */
  get available(): boolean {
    return !this.#unavailable;
  }

  /** Bytes of the work that is under way at workers. */
  get bytesUnderWay(): number {
    return this.#bytes;
  }

  /**
   * Has a worker do a task.
   * @throws what the task throws; the reason for which it is called off; IoError when the worker that had it ended
   */
  run<R extends JobResult>(task: PoolTask<R>): Promise<R> {
    return new Promise<JobResult>((resolve, reject) => {
      task.stop?.throwIfStopped();
      const unlisten = task.stop?.listen((reason) => {
        const waiting = this.#queue.indexOf(entry);
        if (waiting >= 0) this.#queue.splice(waiting, 1);
        // What a worker has begun it ends, for nobody.
        reject(reason);
        this.#schedule();
      });
      const entry: Entry = {
        task,
        resolve(result) {
          unlisten?.();
          resolve(result);
        },
        reject(error) {
          unlisten?.();
          reject(error);
        },
      };
      this.#queue.push(entry);
      this.#schedule();
    }) as Promise<R>;
  }

  #schedule(): void {
    while (this.#queue.length > 0 && !this.#unavailable) {
      const [{ task }] = this.#queue;
      const worker = this.#leastBusy(this.#workersFor(task));
      if (worker === null || (this.#bytes > 0 && this.#bytes + task.bytes > BYTES_UNDER_WAY)) break;
      this.#send(worker, this.#queue.shift() as Entry);
    }
    this.#startWorkers();
    if (this.#unavailable) this.#doHere();
    for (const worker of this.#workers) this.#settle(worker);
  }

  #doHere(): void {
    for (const { task, resolve, reject } of this.#queue.splice(0)) {
      inSlices(() => task.here(), task.stop).then(resolve, reject);
    }
  }

  /** How many workers may take a task. */
  #workersFor({ helped = false }: PoolTask<JobResult>): number {
    return helped ? Math.max(1, this.#size - 1) : this.#size;
  }

  /** One of the first `among` workers that can take a job. */
  #leastBusy(among: number): PoolWorker | null {
    let least: PoolWorker | null = null;
    for (const worker of [...this.#workers].slice(0, among)) {
      if (!worker.ready || worker.retired || worker.jobs.size >= JOBS_A_WORKER) continue;
      if (least === null || worker.jobs.size < least.jobs.size) least = worker;
    }
    return least;
  }

  #send(worker: PoolWorker, entry: Entry): void {
    const id = this.#nextId++;
    try {
      const { job, transfer } = entry.task.pack();
      const request: Request = { id, job };
      worker.thread.post(request, transfer);
    } catch (error) {
      entry.reject(error);
      return;
    }
    worker.jobs.set(id, entry);
    this.#bytes += entry.task.bytes;
  }

  /** As many as there are jobs that wait for one, within the size. */
  #startWorkers(): void {
    let starting = 0;
    for (const { ready } of this.#workers) if (!ready) starting++;
    const most = Math.max(0, ...this.#queue.map(({ task }) => this.#workersFor(task)));
    while (starting < this.#queue.length && this.#workers.size < most && !this.#unavailable) {
      starting++;
      this.#startWorker();
    }
  }

  #startWorker(): void {
    let worker: PoolWorker | null = null;
    try {
      const thread = this.#spawn({
        message: (message) => {
          if (worker !== null) this.#heard(worker, message as Reply);
        },
        ended: (cause) => {
          if (worker !== null) this.#ended(worker, cause);
        },
      });
      worker = { thread, ready: false, retired: false, jobs: new Map(), cancelIdle: null, cancelStart: null };
    } catch {
      this.#cannotStart();
      return;
    }
    const { thread } = worker;
    worker.cancelStart = later(this.#start, () => thread.terminate());
    this.#workers.add(worker);
  }

  #heard(worker: PoolWorker, reply: Reply): void {
    if (reply.kind === "ready") {
      worker.ready = true;
      worker.cancelStart?.();
    } else {
      const entry = worker.jobs.get(reply.id);
      worker.jobs.delete(reply.id);
      if (entry !== undefined) {
        this.#bytes -= entry.task.bytes;
        if (reply.kind === "done") entry.resolve(reply.result);
        else entry.reject(fromWire(reply.error, entry.task.failed));
      }
      if (reply.kind === "failed" && reply.retire) worker.retired = true;
    }
    this.#schedule();
  }

  /** Lets a worker go that has nothing to do, at once or after a while. */
  #settle(worker: PoolWorker): void {
    const busy = worker.jobs.size > 0 || (!worker.ready && this.#queue.length > 0);
    worker.thread.hold(busy);
    if (busy) {
      worker.cancelIdle?.();
      worker.cancelIdle = null;
    } else if (worker.retired) this.#dismiss(worker);
    else if (worker.ready) worker.cancelIdle ??= later(this.#idle, () => this.#dismiss(worker));
  }

  #dismiss(worker: PoolWorker): void {
    this.#workers.delete(worker);
    worker.thread.terminate();
  }

  #ended(worker: PoolWorker, cause: unknown): void {
    worker.cancelIdle?.();
    worker.cancelStart?.();
    this.#workers.delete(worker);
    const why = cause instanceof Error ? cause.message : String(cause);
    for (const { task, reject } of worker.jobs.values()) {
      this.#bytes -= task.bytes;
      reject(new IoError(`the worker thread that had the work ended: ${why}`, { cause }));
    }
    worker.jobs.clear();
    if (!worker.ready) this.#cannotStart();
    this.#schedule();
  }

  /** What could not be started now, as where its script was not bundled, is not tried again. */
  #cannotStart(): void {
    this.#size = this.#workers.size;
    this.#unavailable = this.#size === 0;
  }
}
