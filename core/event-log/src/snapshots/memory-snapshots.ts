import type { Snapshot, SnapshotStore } from '@shiplog/contracts';
import { positionUnknown } from '../check/position-unknown.ts';

interface Kept {
  readonly bytes: Uint8Array;
  readonly parts: readonly Uint8Array[];
}

/** Snapshots that end with the process: of a log in memory, and in tests. */
export class MemorySnapshots implements SnapshotStore {
  readonly #kinds = new Map<string, Map<number, Kept>>();
  readonly #last: () => number;

  /** `last` answers with the position of the last durable event. */
  constructor(last: () => number) {
    this.#last = last;
  }

  async nearest(kind: string, seq: number): Promise<Snapshot | undefined> {
    const found = (await this.positions(kind)).findLast((position) => position <= seq);
    const kept = found === undefined ? undefined : this.#kinds.get(kind)?.get(found);
    return found === undefined || kept === undefined ? undefined : { seq: found, bytes: kept.bytes };
  }

  async parts(kind: string, seq: number, numbers: readonly number[]): Promise<readonly Uint8Array[] | undefined> {
    const kept = this.#kinds.get(kind)?.get(seq);
    const found = numbers.map((number) => kept?.parts[number]).filter((part) => part !== undefined);
    return found.length === numbers.length ? found : undefined;
  }

  async put(kind: string, { seq, bytes }: Snapshot, parts: readonly Uint8Array[] = []): Promise<void> {
    if (seq < 0 || seq > this.#last()) throw positionUnknown(seq, this.#last());
    const snapshots = this.#kinds.get(kind) ?? new Map<number, Kept>();
    snapshots.set(seq, { bytes: Uint8Array.from(bytes), parts: parts.map((part) => Uint8Array.from(part)) });
    this.#kinds.set(kind, snapshots);
  }

  async positions(kind: string): Promise<readonly number[]> {
    return [...(this.#kinds.get(kind)?.keys() ?? [])].toSorted((a, b) => a - b);
  }

  async remove(kind: string, seqs: readonly number[]): Promise<void> {
    for (const seq of seqs) this.#kinds.get(kind)?.delete(seq);
  }
}
