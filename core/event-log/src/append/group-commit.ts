import { ShiplogError } from '@shiplog/contracts';
import { Pace } from './pace.ts';

/** A batch takes no more once it has this many items; the next one takes them. */
const FULL = 8192;
/** The share of a crowd that goes first where {@link Pace} says that two halves are faster than a whole. */
const MANY = 128;

/** Milliseconds that what nobody waits for waits for company. */
const LINGER = 50;

/** Items that are written together. */
export interface Batch {
  /** Items so far. */
  readonly count: number;
  /** Nothing is added any more. */
  close(): void;
  /** Closes it and writes its items. Resolves when they are durable. */
  write(): Promise<void>;
  /** Called once after the write, before anybody is told. Where it throws, the write counts as failed. */
  written(): void;
}

interface Waiting<B extends Batch> {
  readonly batch: B;
  readonly durable: PromiseWithResolvers<void>;
}

/**
 * Shares one write among all who come while the previous one is under way. There is no timer: a batch closes when the
 * write before it returns, or when those whom it acknowledges have had their turn to come again, whatever {@link Pace} says is
 * faster. So a lone item waits for nothing and a crowd pays for one fsync.
 *
 * One write at a time, never two: LevelDB may fail one and keep the next, which would be a hole. After a failed write
 * nothing is written any more (a failed fsync must not be tried again: what it left behind is unknown).
 */
export class GroupCommit<B extends Batch> {
  readonly #begin: () => B;
  readonly #failed: () => void;
  readonly #waiting: Waiting<B>[] = [];
  #writing: Waiting<B> | undefined;
  #scheduled = false;
  /** Somebody waits for what waits. */
  #urgent = false;
  #lingering: NodeJS.Timeout | undefined;
  #failure: ShiplogError | undefined;
  readonly #pace: Pace;

  /** `begin` makes an empty batch. `failed` is called once, when `failure` is set. */
  constructor(begin: () => B, failed: () => void = () => undefined, pace = new Pace()) {
    this.#begin = begin;
    this.#failed = failed;
    this.#pace = pace;
  }

  /** Why nothing is written any more: a LOG_CLOSED error. */
  get failure(): ShiplogError | undefined {
    return this.#failure;
  }

  /**
   * Lets `fill` put items into the batch that is open, together. Resolves when they are durable; rejects with LOG_CLOSED if they
   * may not be. `lazy` causes no write of its own: they come along with the next that somebody waits for, or 50 ms later.
   */
  add(fill: (batch: B) => void, lazy = false): Promise<void> {
    let waiting = this.#waiting.at(-1);
    if (waiting === undefined || waiting.batch.count >= FULL) {
      waiting?.batch.close();
      waiting = { batch: this.#begin(), durable: Promise.withResolvers<void>() };
      // Who does not wait for its own append learns of the failure from `flushed` or from the next append.
      waiting.durable.promise.catch(() => undefined);
      this.#waiting.push(waiting);
    }
    fill(waiting.batch);
    if (lazy && !this.#urgent) this.#lingering ??= setTimeout(() => this.#hurry(), LINGER);
    else this.#hurry();
    return waiting.durable.promise;
  }

  /** Resolves when all items added so far are durable; rejects with LOG_CLOSED if some may not be. */
  flushed(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#waiting.length > 0) this.#hurry();
    return (this.#waiting.at(-1) ?? this.#writing)?.durable.promise ?? Promise.resolve();
  }

  /** Writes what waits as soon as may be. */
  #hurry(): void {
    clearTimeout(this.#lingering);
    this.#lingering = undefined;
    this.#urgent = true;
    if (this.#writing === undefined) this.#schedule(this.#waiting.at(-1)?.batch.count ?? 0);
  }

  #schedule(count: number): void {
    if (count >= MANY && this.#pace.overlap) return this.#next();
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Not at once: those who were just acknowledged get their turn to append again, and so share the next write.
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#writing === undefined) this.#next();
    });
  }

  #next(): void {
    const taken = this.#urgent ? this.#waiting.shift() : undefined;
    // One that is full has another behind it.
    this.#urgent = taken !== undefined && this.#waiting.length > 0;
    this.#writing = taken;
    if (taken === undefined) return;
    this.#pace.begins();
    taken.batch.write().then(
      () => this.#wrote(taken),
      (error: unknown) => this.#fail(error, taken),
    );
  }

  #wrote(taken: Waiting<B>): void {
    const { batch, durable } = taken;
    this.#pace.ended(batch.count, this.#waiting.at(-1)?.batch.count ?? 0);
    // With a full one waiting there is nothing to wait for.
    if (this.#waiting.length > 1 || this.#pace.overlap) {
      // The disk goes on before the acknowledged do.
      this.#next();
    } else {
      this.#writing = undefined;
    }
    try {
      batch.written();
    } catch (error) {
      this.#fail(error, taken);
      return;
    }
    durable.resolve();
    // Writes what waits after the turn of the acknowledged.
    this.#schedule(0);
  }

  #fail(error: unknown, failed: Waiting<B>): void {
    const first = this.#failure === undefined;
    const failure = (this.#failure ??= closedBy(error));
    this.#writing = undefined;
    for (const lost of [failed, ...this.#waiting.splice(0)]) lost.durable.reject(failure);
    if (first) this.#failed();
  }
}

function closedBy(error: unknown): ShiplogError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ShiplogError(
    'LOG_CLOSED',
    `the log could not be written and admits nothing any more: ${reason}`,
    { reason },
    { cause: error },
  );
}
