import { dirname, join } from 'node:path';
import { rm } from 'node:fs/promises';
import type { Kernel, LogDriver, Observed } from '@shiplog/contracts';
import { KeyedLock } from '../keyed-lock.ts';
import type { Logger } from '../services.ts';
import { Delivery, type DeliveryOptions } from './delivery.ts';

type Args<V extends 'open' | 'close' | 'remove'> = Parameters<LogDriver[V]>[0];

/** The deliveries of a driver, by container: what `open`, `close`, `remove` and `observe` have in common. */
export class Deliveries {
  readonly #open = new Map<string, Delivery>();
  readonly #turns = new KeyedLock();

  constructor(
    private readonly kernel: Kernel,
    private readonly logger: Logger,
  ) {}

  /** Begins, unless it has begun. */
  async open({ id, spool }: Args<'open'>, destination: Pick<DeliveryOptions, 'connect' | 'most' | 'kept'>): Promise<void> {
    await this.#turns.run(id, async () => {
      // One that is being closed goes on; one that has just ended has a successor.
      const before = this.#open.get(id);
      if (before?.reopen() === true) return;
      await before?.close(new AbortController().signal);
      const delivery = new Delivery({ spool, cursor: cursorOf(spool), kernel: this.kernel, logger: this.logger, ...destination });
      this.#open.set(id, delivery);
    });
  }

  /** Resolves when what was there is taken over, also where it is opened again meanwhile and goes on. */
  async close(id: string, signal: AbortSignal): Promise<void> {
    const delivery = this.#open.get(id);
    if (delivery === undefined) return;
    if (!(await delivery.close(signal))) await delivery.catchUp();
    else if (this.#open.get(id) === delivery) this.#open.delete(id);
  }

  /** Ends at once, and deletes the spool with the directory it is in. */
  async remove({ id, spool }: Args<'remove'>): Promise<void> {
    await this.#turns.run(id, async () => {
      await this.close(id, AbortSignal.abort());
      await rm(dirname(spool), { recursive: true, force: true });
    });
  }

  /** See {@link Delivery.catchUp}. Nothing to wait for where none is open. */
  async catchUp(id: string): Promise<void> {
    await this.#open.get(id)?.catchUp();
  }

  async observe(): Promise<readonly Observed[]> {
    return [...this.#open.keys()].map((id) => ({ resource: 'log', id }));
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((id) => this.close(id, AbortSignal.abort())));
  }
}

function cursorOf(spool: string): string {
  return join(dirname(spool), 'cursor.json');
}
