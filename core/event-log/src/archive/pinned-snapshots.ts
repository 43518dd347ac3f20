import type { Snapshot, SnapshotStore } from '@shiplog/contracts';
import { refusal } from '../corrupt.ts';
import type { LogDatabase } from '../database.ts';
import { readPin } from './base.ts';

/** Snapshots that may be lost, and behind them those that may not, since they stand for events that were pruned. */
export class PinnedSnapshots implements SnapshotStore {
  readonly #db: LogDatabase;
  readonly #store: SnapshotStore;

  constructor(db: LogDatabase, store: SnapshotStore) {
    this.#db = db;
    this.#store = store;
  }

  async nearest(kind: string, seq: number): Promise<Snapshot | undefined> {
    const found = await this.#store.nearest(kind, seq);
    if (found !== undefined) return found;
    const pin = await this.#pin(kind);
    return pin !== undefined && pin.seq <= seq ? pin : undefined;
  }

  put(kind: string, snapshot: Snapshot): Promise<void> {
    return this.#store.put(kind, snapshot);
  }

  async positions(kind: string): Promise<readonly number[]> {
    const positions = await this.#store.positions(kind);
    const pin = await this.#pin(kind);
    return pin === undefined || positions.includes(pin.seq) ? positions : [...positions, pin.seq].toSorted((a, b) => a - b);
  }

  /** Those that may be lost; a pin stays. */
  remove(kind: string, seqs: readonly number[]): Promise<void> {
    return this.#store.remove(kind, seqs);
  }

  async #pin(kind: string): Promise<Snapshot | undefined> {
    try {
      return await readPin(this.#db, kind);
    } catch (error) {
      throw refusal(error, 0, 0);
    }
  }
}
