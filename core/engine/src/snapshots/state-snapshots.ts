import { PROJECTION_VERSION } from '@shiplog/model';
import { type EventLog, ShiplogError, type Snapshot, type SnapshotStore } from '@shiplog/contracts';
import { StoredState } from './decode.ts';
import { Sections, SnapshotDamaged } from './sections.ts';
import type { Header } from './snapshot-file.ts';

/** Version of the stored form: in 5, every table has pages, and names by page. */
const FORMAT = 5;

export const WHOLE = kindOf('whole', PROJECTION_VERSION);
export const DIFFERENCE = kindOf('difference', PROJECTION_VERSION);

/** A log, as far as its snapshots need it. */
type Source = Pick<EventLog, 'snapshots' | 'firstSeq'>;

/** Finds snapshots of the engine's state. What is not here, damaged or of another version is folded instead: they only save time. */
export class StateSnapshots {
  readonly store: SnapshotStore;
  readonly #log: Source;

  constructor(log: Source) {
    this.store = log.snapshots;
    this.#log = log;
  }

  /**
   * What `work` makes of the last one at or before `seq` behind which every event is kept. One that turns out to be damaged is removed, and `work` begins anew
   * with one before; so it does where what it reads is pruned meanwhile, and `seq` is still known.
   */
  async from<T>(seq: number, work: (stored: StoredState | undefined) => Promise<T>): Promise<T> {
    for (;;) {
      const { firstSeq } = this.#log;
      const found = seq < 0 ? undefined : await this.#nearest(seq);
      // A prune that was cut off leaves those of before: what came after them is not there any more.
      const stored = found !== undefined && found.header.seq >= firstSeq - 1 ? found : undefined;
      try {
        return await work(stored);
      } catch (error) {
        if (error instanceof SnapshotDamaged) await this.store.remove(error.kind, [error.seq]);
        else if (!this.#prunedSince(firstSeq, error) || seq < this.#log.firstSeq - 1) throw error;
      }
    }
  }

  #prunedSince(first: number, error: unknown): boolean {
    return error instanceof ShiplogError && error.code === 'LOG_PRUNED' && this.#log.firstSeq > first;
  }

  async #nearest(seq: number): Promise<StoredState | undefined> {
    const [whole, difference] = await Promise.all([this.store.nearest(WHOLE, seq), this.store.nearest(DIFFERENCE, seq)]);
    if (whole === undefined) return undefined;
    const sections = this.#sections(WHOLE, whole);
    if (difference === undefined || difference.seq < whole.seq) return new StoredState(sections);
    const changes = this.#sections(DIFFERENCE, difference);
    const { base } = changes.header;
    if (base === whole.seq) return new StoredState(sections, changes);
    // Another whole one was made in between, or its own was lost.
    const own = base === undefined ? undefined : await this.store.nearest(WHOLE, base);
    return own === undefined || own.seq !== base ? new StoredState(sections) : new StoredState(this.#sections(WHOLE, own), changes);
  }

  #sections(kind: string, snapshot: Snapshot): Sections<Header> {
    return new Sections<Header>(this.store, kind, snapshot);
  }

  /** Positions of all, ascending. */
  async positions(): Promise<readonly number[]> {
    const positions = await Promise.all([WHOLE, DIFFERENCE].map((kind) => this.store.positions(kind)));
    return positions.flat().toSorted((a, b) => a - b);
  }

  /** Removes those of before a position. */
  async discardBefore(seq: number): Promise<void> {
    for (const kind of [WHOLE, DIFFERENCE]) {
      const old = (await this.store.positions(kind)).filter((position) => position < seq);
      if (old.length > 0) await this.store.remove(kind, old);
    }
  }

  /** Positions, ascending, of differences from `seq` on to what was before it, or is lost. */
  async baseless(seq: number): Promise<readonly number[]> {
    const bases = new Set((await this.store.positions(WHOLE)).filter((position) => position >= seq));
    const found: number[] = [];
    for (const position of await this.store.positions(DIFFERENCE)) {
      const snapshot = position < seq ? undefined : await this.store.nearest(DIFFERENCE, position);
      // In place of one that cannot be used, the one before it is found.
      if (snapshot?.seq !== position) continue;
      const { base } = this.#sections(DIFFERENCE, snapshot).header;
      if (base === undefined || !bases.has(base)) found.push(position);
    }
    return found;
  }

  /** Removes all of between two positions, these included, but `kept` differences. */
  async discardBetween(from: number, to: number, kept: readonly number[]): Promise<void> {
    const within = (position: number): boolean => position >= from && position <= to;
    const whole = (await this.store.positions(WHOLE)).filter(within);
    if (whole.length > 0) await this.store.remove(WHOLE, whole);
    await this.discardDifferences((await this.store.positions(DIFFERENCE)).filter((one) => within(one) && !kept.includes(one)));
  }

  async discardDifferences(positions: readonly number[]): Promise<void> {
    if (positions.length > 0) await this.store.remove(DIFFERENCE, positions);
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
