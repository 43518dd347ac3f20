import { type EventOf, ShiplogError } from '@shiplog/contracts';
import { startsWithEngine } from '@shiplog/model';
import type { EngineCore } from '../core.ts';
import { system } from '../system.ts';
import type { Executor } from '../commands/executor.ts';

/** Before the first restart, and between two at the most; each wait is twice the one before (moby, restartmanager). Milliseconds. */
const WAIT_MS = { first: 100, most: 60_000 };
/** One that ran so long did not fail at its start: the next wait is the first again. Nanoseconds. */
const STEADY_NS = 10_000_000_000n;

/**
 * Starts containers again that ended unasked, as their restart policies say. Which they are is in the log (`restarting`); how long each
 * waits is not, and begins anew with the engine.
 */
export class Restarts {
  readonly #core: EngineCore;
  readonly #executor: Executor;
  /** By container: how long it waited last, in milliseconds. */
  readonly #waits = new Map<string, number>();

  constructor(core: EngineCore, executor: Executor) {
    this.#core = core;
    this.#executor = executor;
  }

  /**
   * Watches for ends until `signal` aborts, and starts at once what is to run whenever the engine does: because of an end that was found since the engine
   * started, or else because it did. `started`: position of that.
   */
  async run(signal: AbortSignal, started: number): Promise<void> {
    const exits = this.#core.ledger.facts.subscribe((event) => {
      if (event.type === 'container.exited') this.#exited(event, signal);
    });
    signal.addEventListener('abort', () => exits.unsubscribe(), { once: true });
    const due = [...this.#core.ledger.head.containers.values()].filter(startsWithEngine);
    if (due.length === 0) return;
    const causes = await this.#endsSince(started);
    await Promise.all(due.map(({ id }) => this.#start(id, causes.get(id) ?? started)));
  }

  /** Positions of the last end of each container that ended after a position. */
  async #endsSince(from: number): Promise<ReadonlyMap<string, number>> {
    const ends = new Map<string, number>();
    for await (const event of this.#core.ledger.log.read({ from, types: ['container.exited'] }))
      if (event.type === 'container.exited') ends.set(event.data.id, event.seq);
    return ends;
  }

  #exited({ data: { id, finishedAt }, seq }: EventOf<'container.exited'>, signal: AbortSignal): void {
    const container = this.#core.ledger.head.containers.get(id);
    if (container?.status !== 'restarting') return void this.#waits.delete(id);
    const steady = container.startedAt !== '' && BigInt(finishedAt) - BigInt(container.startedAt) >= STEADY_NS;
    const last = steady ? undefined : this.#waits.get(id);
    const ms = last === undefined ? WAIT_MS.first : Math.min(last * 2, WAIT_MS.most);
    this.#waits.set(id, ms);
    this.#after(ms, signal, () => void this.#due(id, seq, signal));
  }

  async #due(id: string, cause: number, signal: AbortSignal): Promise<void> {
    const { head } = this.#core.ledger;
    // A kill that made it end is not known to have been one before its outcome.
    if (head.openOperations.values().some(({ stream, verb }) => verb === 'container.kill' && stream === `container/${id}`))
      return this.#after(WAIT_MS.first, signal, () => void this.#due(id, cause, signal));
    const container = head.containers.get(id);
    if (container === undefined) this.#waits.delete(id);
    if (container?.status !== 'restarting' || container.stopRequested) return;
    await this.#start(id, cause);
  }

  async #start(id: string, cause: number): Promise<void> {
    try {
      await this.#executor.execute('container.start', { container: id }, system('restart-policy', { cause }));
    } catch (error) {
      const { code, message } = ShiplogError.wrap(error);
      // Somebody else got there first, the engine is stopping, or it cannot start: then the log says why, and it stays as it is.
      this.#core.parts.logger.debug('container not started again', { id, code, message });
    }
  }

  #after(ms: number, signal: AbortSignal, run: () => void): void {
    if (signal.aborted) return;
    const cancel = this.#core.parts.clock.after(ms, () => {
      signal.removeEventListener('abort', cancel);
      run();
    });
    signal.addEventListener('abort', cancel, { once: true });
  }
}
