import type { Snapshot, SnapshotStore } from '@shiplog/contracts';
import { positionUnknown } from './position-unknown.ts';

/** Snapshots that end with the process: of a log in memory, and in tests. */
export class MemorySnapshots implements SnapshotStore {
  readonly #kinds = new Map<string, Map<number, Uint8Array>>();
  readonly #last: () => number;

  /** `last` answers with the position of the last durable event. */
  constructor(last: () => number) {
    this.#last = last;
  }

  async nearest(kind: string, seq: number): Promise<Snapshot | undefined> {
    const found = (await this.positions(kind)).findLast((position) => position <= seq);
    const bytes = found === undefined ? undefined : this.#kinds.get(kind)?.get(found);
    return found === undefined || bytes === undefined ? undefined : { seq: found, bytes };
  }

  async put(kind: string, { seq, bytes }: Snapshot): Promise<void> {
    if (seq < 0 || seq > this.#last()) throw positionUnknown(seq, this.#last());
    const snapshots = this.#kinds.get(kind) ?? new Map<number, Uint8Array>();
    snapshots.set(seq, Uint8Array.from(bytes));
    this.#kinds.set(kind, snapshots);
  }

  async positions(kind: string): Promise<readonly number[]> {
    return [...(this.#kinds.get(kind)?.keys() ?? [])].toSorted((a, b) => a - b);
  }

  async remove(kind: string, seqs: readonly number[]): Promise<void> {
    for (const seq of seqs) this.#kinds.get(kind)?.delete(seq);
  }
}
