import type { SnapshotStore } from '@shiplog/contracts';
import { snapshotOf, type State } from '@shiplog/model';
import type { Logger } from '../ports.ts';
import { SnapshotWriter } from './snapshot-writer.ts';

/** How many events there are between two snapshots of a state with so many containers. */
export type Spacing = (containers: number) => number;

/** As far apart as a look at the past may fold in a few milliseconds, and farther where a snapshot takes more room. */
const usualSpacing: Spacing = (containers) => Math.max(2048, 4 * containers);

/** Has a snapshot made whenever the log has grown by so much, beside everything else. */
export class SnapshotMarker {
  readonly #writer: SnapshotWriter;
  readonly #logger: Logger;
  readonly #spacing: Spacing;
  #last: number;
  #writing: Promise<void> | undefined;

  /** `last`: where there is a snapshot already, or none is missed. */
  constructor(store: SnapshotStore, last: number, logger: Logger, spacing = usualSpacing) {
    this.#writer = new SnapshotWriter(store);
    this.#last = last;
    this.#logger = logger;
    this.#spacing = spacing;
  }

  /** How many events there are to be from this state's snapshot to the next. */
  stride(head: State): number {
    return this.#spacing(head.containers.size);
  }

  /** The log has come to `head.seq`, and will be on disk that far when `durable` resolves. */
  passed(head: State, durable: Promise<void>): void {
    if (this.#writing !== undefined || head.seq - this.#last < this.#spacing(head.containers.size)) return;
    this.#last = head.seq;
    const state = snapshotOf(head);
    this.#writing = this.#write(state, durable);
  }

  /** The next snapshot is whole, and due now. */
  renew(): void {
    this.#writer.renew();
    this.#last = Number.NEGATIVE_INFINITY;
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(state: State, durable: Promise<void>): Promise<void> {
    try {
      await durable;
      await this.#writer.write(state);
    } catch (error) {
      // It saves time, and nothing else: the next one may be written.
      this.#logger.warn('snapshot not written', { seq: state.seq, error: String(error) });
    } finally {
      this.#writing = undefined;
    }
  }
}
