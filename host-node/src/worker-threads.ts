import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { fromBase64Url, toBase64Url } from "./bytes.js";
import type { DeriveAsk } from "./contract.js";
import address from "./derive-worker-inline.js";
import { Fault } from "./errors.js";
import { moduleOf } from "./module.js";
import type { Derive, EngineSource } from "./options.js";

/** How `workerThreads` works. */
export interface WorkerThreadsOptions {
  /** How many threads derive; by default one less than there are processors, so that one is left for requests, and at least one. */
  threads?: number;
  /** How many derivations may wait beside those that run; 32 for each thread by default. More are refused with 503. */
  queue?: number;
  /** Another engine than the one inside the package. */
  engine?: EngineSource;
}

/** A `derive` for `new Claviger`, and the way to end its threads. */
export type WorkerThreads = Derive & {
  /** Ends the threads. What waits fails. Not needed at the end of a process: idle threads do not keep it alive. */
  close(): Promise<void>;
};

/**
 * Hashes passwords on threads of their own, so that a sign-in delays nobody else's request. For Node, Deno and Bun.
 *
 * ```ts
 * const auth = new Claviger({ issuer, secret, store, derive: workerThreads() });
 * ```
 *
 * A thread starts when it is first needed, and keeps the memory of its largest derivation.
 */
export function workerThreads(options: WorkerThreadsOptions = {}): WorkerThreads {
  const threads = Math.max(1, options.threads ?? availableParallelism() - 1);
  const pool = new Pool(options.engine, threads, threads + (options.queue ?? threads * 32));
  const derive: Derive = async ({ algorithm, secret, salt, ...parameters }, signal) => {
    const ask: DeriveAsk = { algorithm, parameters, secret: toBase64Url(secret), salt: toBase64Url(salt) };
    const answer = await pool.run(new TextEncoder().encode(JSON.stringify(ask)), signal);
    const { derived, failed } = JSON.parse(new TextDecoder().decode(answer));
    if (derived === undefined) throw new Error(`The engine did not derive: ${failed}`);
    return fromBase64Url(derived);
  };
  return Object.assign(derive, { close: () => pool.close() });
}

interface Job {
  readonly ask: Uint8Array;
  readonly signal: AbortSignal | undefined;
  readonly done: (answer: Uint8Array) => void;
  readonly failed: (error: unknown) => void;
}

/** Threads, and the jobs that wait for one. */
class Pool {
  readonly #engine: EngineSource | undefined;
  readonly #most: number;
  readonly #room: number;
  readonly #threads = new Map<Worker, Job | undefined>();
  readonly #waiting: Job[] = [];
  #closed = false;

  /** `most` threads, and `room` for jobs, those that run included. */
  constructor(engine: EngineSource | undefined, most: number, room: number) {
    this.#engine = engine;
    this.#most = most;
    this.#room = room;
  }

  async run(ask: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    if (this.#closed) throw closed();
    if (this.#jobs() >= this.#room) throw busy();
    signal?.throwIfAborted();
    const answer = new Promise<Uint8Array>((done, failed) => this.#queue({ ask, signal, done, failed }));
    this.#goOn().catch((error) => this.#failAll(error));
    return answer;
  }

  /** A job that nobody waits for any more takes no place from those of others. */
  #queue(job: Job): void {
    this.#waiting.push(job);
    job.signal?.addEventListener(
      "abort",
      () => {
        const at = this.#waiting.indexOf(job);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        job.failed(job.signal?.reason);
      },
      { once: true },
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#failAll(closed());
    const threads = [...this.#threads];
    this.#threads.clear();
    for (const [, job] of threads) job?.failed(closed());
    await Promise.all(threads.map(([thread]) => thread.terminate()));
  }

  #jobs(): number {
    return this.#waiting.length + [...this.#threads.values()].filter((job) => job !== undefined).length;
  }

  async #goOn(): Promise<void> {
    const module = await moduleOf(this.#engine ?? (await import("./inlined.js")).inlined);
    // Meanwhile the pool may have been closed; nothing waits then.
    while (this.#waiting.length > 0) {
      const thread = this.#idle() ?? this.#start(module);
      if (!thread) return;
      this.#give(thread);
    }
  }

  #idle(): Worker | undefined {
    return [...this.#threads].find(([, job]) => job === undefined)?.[0];
  }

  #start(module: WebAssembly.Module): Worker | undefined {
    if (this.#threads.size >= this.#most) return undefined;
    const thread = new Worker(new URL(address), { workerData: module });
    thread.on("message", (answer: Uint8Array) => this.#answered(thread, answer));
    thread.on("error", (error) => this.#ended(thread, error));
    thread.on("exit", () => this.#ended(thread, new Error("The thread ended")));
    thread.unref();
    this.#threads.set(thread, undefined);
    return thread;
  }

  #answered(thread: Worker, answer: Uint8Array): void {
    const job = this.#threads.get(thread);
    if (!job) return;
    job.done(answer);
    // An idle thread does not keep the process alive.
    this.#threads.set(thread, undefined);
    thread.unref();
    this.#give(thread);
  }

  #give(thread: Worker): void {
    const job = this.#waiting.shift();
    if (!job) return;
    this.#threads.set(thread, job);
    thread.ref();
    thread.postMessage(job.ask);
  }

  /** After a trap, or when memory runs out. The next job starts another. */
  #ended(thread: Worker, error: unknown): void {
    const job = this.#threads.get(thread);
    if (!this.#threads.delete(thread)) return;
    job?.failed(error);
    this.#goOn().catch((error) => this.#failAll(error));
  }

  #failAll(error: unknown): void {
    for (const { failed } of this.#waiting.splice(0)) failed(error);
  }
}

function busy(): Fault {
  const help = "Try again in a moment; if it persists, give `workerThreads` more threads.";
  return new Fault({ code: "busy", status: 503, message: "Too many derivations wait", help });
}

function closed(): Error {
  return new Error("The threads were closed");
}
