import { PROJECTION_VERSION } from '@shiplog/model';
import type { SnapshotStore } from '@shiplog/contracts';
import { StoredState } from './decode.ts';
import { Sections } from './sections.ts';
import type { Header } from './snapshot-file.ts';

/** Version of the bytes: 2 has smaller pages, and short sections as they are. */
const FORMAT = 2;

export const WHOLE = kindOf('whole', PROJECTION_VERSION);
export const DIFFERENCE = kindOf('difference', PROJECTION_VERSION);

/** Finds snapshots of the engine's state. What is not here, damaged or of another version is folded instead: they only save time. */
export class StateSnapshots {
  constructor(readonly store: SnapshotStore) {}

  /** The last one at or before `seq`. */
  async nearest(seq: number): Promise<StoredState | undefined> {
    const [whole, difference] = await Promise.all([this.store.nearest(WHOLE, seq), this.store.nearest(DIFFERENCE, seq)]);
    if (whole === undefined) return undefined;
    const sections = new Sections<Header>(whole.bytes);
    if (difference === undefined || difference.seq < whole.seq) return new StoredState(sections);
    const changes = new Sections<Header>(difference.bytes);
    const { base } = changes.header;
    if (base === whole.seq) return new StoredState(sections, changes);
    // Another whole one was made in between, or its own was lost.
    const own = base === undefined ? undefined : await this.store.nearest(WHOLE, base);
    return own === undefined || own.seq !== base ? new StoredState(sections) : new StoredState(new Sections(own.bytes), changes);
  }

  /** Positions of all, ascending. */
  async positions(): Promise<readonly number[]> {
    const [whole, difference] = await Promise.all([this.store.positions(WHOLE), this.store.positions(DIFFERENCE)]);
    return [...whole, ...difference].toSorted((a, b) => a - b);
  }

  /** Removes those of before a position. */
  async discardBefore(seq: number): Promise<void> {
    for (const kind of [WHOLE, DIFFERENCE]) {
      const old = (await this.store.positions(kind)).filter((position) => position < seq);
      if (old.length > 0) await this.store.remove(kind, old);
    }
  }

  /** Removes what earlier releases left. */
  async discardOld(): Promise<void> {
    for (const kind of earlierKinds()) {
      const positions = await this.store.positions(kind);
      if (positions.length > 0) await this.store.remove(kind, positions);
    }
  }
}

function kindOf(kind: 'whole' | 'difference', projection: number, format = FORMAT): string {
  return `state-${format}-${projection}-${kind}`;
}

function* earlierKinds(): Iterable<string> {
  for (let format = 1; format <= FORMAT; format += 1) {
    for (let projection = 0; projection <= PROJECTION_VERSION; projection += 1) {
      if (format === FORMAT && projection === PROJECTION_VERSION) return;
      yield kindOf('whole', projection, format);
      yield kindOf('difference', projection, format);
    }
  }
}
