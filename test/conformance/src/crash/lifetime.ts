import { AsyncLocalStorage } from 'node:async_hooks';

/** Whose effects the running code does; none outside of a {@link Lifetime}. */
const lifetimes = new AsyncLocalStorage<Lifetime | undefined>();

/** Thrown by synchronous calls of a driver that is dead. */
export class Dead extends Error {
  override readonly name = 'Dead';
}

/**
 * The life of one driver call, which ends at its `last` effect on the host as SIGKILL would end it: that effect is not done, none after
 * it is, no catch or finally of the driver runs on, and what was under way completes, as system calls do. When the call answers first,
 * its life ends with the answer.
 *
 * An effect with a torn form (a file made and not filled, a tree half deleted, a program that has just begun) counts twice: not begun, and torn.
 */
export class Lifetime {
  /** What it did, or died before, in order. */
  readonly effects: string[] = [];
  readonly #last: number;
  readonly #end = Promise.withResolvers<undefined>();
  readonly #underWay = new Set<Promise<unknown>>();
  /** What the kernel closes when a process dies. */
  readonly #open = new Set<() => Promise<unknown>>();
  #ended = false;
  #answered = false;

  /** `last` counts from 1. */
  constructor(last = Number.POSITIVE_INFINITY) {
    this.#last = last;
  }

  /** The one that the running code belongs to. */
  static get current(): Lifetime | undefined {
    return lifetimes.getStore();
  }

  /** Runs `work` outside of any life: nothing it does is counted or stopped. */
  static outside<T>(work: () => T): T {
    return lifetimes.run(undefined, work);
  }

  /** The call answered before it died. */
  get hasAnswered(): boolean {
    return this.#answered;
  }

  /** Lets `work` live, to its answer or its death. Nothing of it is under way afterwards. Throws what it throws. */
  async live(work: () => Promise<unknown>): Promise<void> {
    try {
      await Promise.race([lifetimes.run(this, work), this.#end.promise]);
      this.#answered = !this.#ended;
    } catch (error) {
      if (!this.#ended) throw error;
    } finally {
      this.#ended = true;
      while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
      for (const close of this.#open) await close();
    }
  }

  /** Does what changes the host. Never settles when the life has ended, or ends here. */
  effect<T>(name: string, run: () => Promise<T>, tear?: () => Promise<unknown>): Promise<T> {
    if (this.#ended || this.#diesAt(name)) return never();
    if (tear === undefined || !this.#diesAt(`${name}, torn`)) return this.look(run);
    this.#follow(Lifetime.outside(tear));
    return never();
  }

  /** Does what changes nothing: never settles when the life has ended. */
  look<T>(run: () => Promise<T>): Promise<T> {
    if (this.#ended) return never();
    const done = Lifetime.outside(run);
    this.#follow(done);
    return done.then(
      (value) => (this.#ended ? never<T>() : value),
      (error: unknown) => (this.#ended ? never<T>() : Promise.reject(error)),
    );
  }

  /** The same for synchronous calls. Throws {@link Dead}. */
  effectSync<T>(name: string, run: () => T, tear?: () => unknown): T {
    if (this.#ended || this.#diesAt(name)) throw new Dead(name);
    if (tear === undefined || !this.#diesAt(`${name}, torn`)) return Lifetime.outside(run);
    Lifetime.outside(tear);
    throw new Dead(name);
  }

  lookSync<T>(name: string, run: () => T): T {
    if (this.#ended) throw new Dead(name);
    return Lifetime.outside(run);
  }

  /** `close` is called at the end of this life, unless it is taken back. */
  owns(close: () => Promise<unknown>): void {
    this.#open.add(close);
  }

  #diesAt(name: string): boolean {
    this.effects.push(name);
    if (this.effects.length < this.#last) return false;
    this.#ended = true;
    this.#end.resolve(undefined);
    return true;
  }

  #follow(work: Promise<unknown>): void {
    this.#underWay.add(work);
    const gone = (): void => void this.#underWay.delete(work);
    work.then(gone, gone);
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
