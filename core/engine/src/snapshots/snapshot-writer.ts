import { setImmediate } from 'node:timers/promises';
import type { SnapshotStore } from '@shiplog/contracts';
import type { State } from '@shiplog/model';
import { type Base, encodeState } from './encode.ts';
import { encodeHead } from './sections.ts';
import { hashStateSlowly } from './state-hash.ts';
import { DIFFERENCE, WHOLE } from './state-snapshots.ts';

/**
 * Writes snapshots along the log. Most are differences to a whole one before; a whole one is made again when the differences
 * have grown to its size. So what they take follows what changes, not what there is.
 */
export class SnapshotWriter {
  readonly #store: SnapshotStore;
  #base: (Base & { readonly size: number }) | undefined;
  #differences = 0;

  constructor(store: SnapshotStore) {
    this.#store = store;
  }

  /** The next one is whole. */
  renew(): void {
    this.#base = undefined;
  }

  /** Resolves after fsync. The state must not change any more, and its events be durable. Works in small pieces, and lets others go first. */
  async write(state: State): Promise<void> {
    const hash = await hashStateSlowly(state, pause);
    const base = this.#base !== undefined && this.#differences < this.#base.size ? this.#base : undefined;
    const encodable = { state, hash, ...(base === undefined ? {} : { base }) };
    const { header, sections, tables } = await encodeState(encodable, pause);
    const bytes = encodeHead(header, sections.length);
    await this.#store.put(base === undefined ? WHOLE : DIFFERENCE, { seq: state.seq, bytes }, sections);
    const size = sections.reduce((sum, { length }) => sum + length, 0);
    if (base === undefined) {
      this.#base = { seq: state.seq, tables, size };
      this.#differences = 0;
    } else {
      this.#differences += size;
    }
  }
}

function pause(): Promise<void> {
  return setImmediate();
}
