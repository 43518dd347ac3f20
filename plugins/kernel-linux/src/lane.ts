import { Worker } from 'node:worker_threads';
import { type ErrorRecord, ShiplogError } from '@shiplog/contracts';
import type { OPS } from './ops.ts';

type Ops = typeof OPS;

export interface LaneRequest {
  readonly id: number;
  readonly op: keyof Ops;
  readonly args: readonly unknown[];
}

export type LaneAnswer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: ErrorRecord };

/** The arguments of an operation. */
export type LaneCall = <K extends keyof Ops>(op: K, ...args: Parameters<Ops[K]>) => Promise<ReturnType<Ops[K]>>;

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: ShiplogError) => void;
}

/**
 * One kernel thread: a worker that runs calls one after the other, so that errno is sure and a visit to another
 * namespace cannot touch other work. Started by the first call; it keeps the process alive only while calls are under
 * way. If the thread dies, its open calls fail and the next call starts another.
 */
export class Lane {
  readonly #name: string;
  readonly #restMs: number;
  readonly #memoryMb: number;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #rest: NodeJS.Timeout | undefined;
  #last = 0;

  /**
   * `restMs`: the thread ends when it has had nothing to do for so long, in milliseconds, for work that comes in bursts, and so rarely that its memory is
   * worth more; absent: it stays. `memoryMb`: what it may hold, in mebibytes; one that wants more ends.
   */
  constructor(
    name: string,
    { restMs = Number.POSITIVE_INFINITY, memoryMb = 64 }: { readonly restMs?: number; readonly memoryMb?: number } = {},
  ) {
    this.#name = name;
    this.#restMs = restMs;
    this.#memoryMb = memoryMb;
  }

  readonly call: LaneCall = (op, ...args) =>
    new Promise((resolve, reject) => {
      clearTimeout(this.#rest);
      const worker = this.#start();
      const id = ++this.#last;
      if (this.#waiting.size === 0) worker.ref();
      this.#waiting.set(id, { resolve, reject });
      const request: LaneRequest = { id, op, args };
      worker.postMessage(request);
    });

  /** Ends the thread. Calls under way fail. */
  async close(): Promise<void> {
    clearTimeout(this.#rest);
    await this.#worker?.terminate();
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL('./lane-worker.js', import.meta.url), {
      name: `kernel-${this.#name}`,
      // It only passes small messages on; without limits V8 reserves for much more.
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: this.#memoryMb },
    });
    worker.unref();
    let fault: unknown;
    worker.on('message', (answer: LaneAnswer) => this.#settle(worker, answer));
    worker.on('error', (error) => (fault = error));
    worker.on('exit', () => this.#fail(worker, fault));
    this.#worker = worker;
    return worker;
  }

  #settle(worker: Worker, answer: LaneAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#idle(worker);
    if (waiting === undefined) return;
    if ('error' in answer) waiting.reject(ShiplogError.from(answer.error));
    else waiting.resolve(answer.value as never);
  }

  #idle(worker: Worker): void {
    worker.unref();
    if (this.#restMs === Number.POSITIVE_INFINITY) return;
    const end = (): void => {
      this.#worker = undefined;
      void worker.terminate();
    };
    this.#rest = setTimeout(end, this.#restMs).unref();
  }

  #fail(worker: Worker, cause: unknown): void {
    // One that rests was let go of before; what waits now waits for its successor.
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const open = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of open) {
      reject(new ShiplogError('KERNEL_CALL_FAILED', `the kernel thread ${this.#name} ended during a call`, { call: 'thread' }, { cause }));
    }
  }
}
