import { createState, evolve, findRecord, snapshotOf, type State } from '@shiplog/model';
import { type EventLogReader, type Moment, type ObjectKind, type ObjectRecords, type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { foldTo } from './fold.ts';
import type { StoredState } from './snapshots/decode.ts';
import type { StateSnapshots } from './snapshots/state-snapshots.ts';
import { startState } from './start-state.ts';

/** States that are kept because somebody asked for them: looks at the past come in groups. */
const KEPT = 4;
const FULL_ID = /^[0-9a-f]{64}$/;
/** What changes containers and is not in their own streams; and what else it changes, that their own events depend on. */
const ABOUT_CONTAINERS = ['container.prune.*', 'network.*'];
const WITH_CONTAINERS = ['networks', 'openOperations', 'pending'] as const;
/** A signal that is the image's stop signal means more than others. */
const ABOUT_IMAGES = 'image.*';
const NEEDS_IMAGES = 'container.kill.succeeded';

/** A state that somebody asked for. */
interface Kept {
  readonly seq: number;
  readonly state: Promise<State>;
}

/** The engine as it was: the nearest snapshot, and what happened after it. */
export class Moments {
  readonly #log: EventLogReader;
  readonly #snapshots: StateSnapshots;
  /**
   * The one asked for last is the last. A new list each time, not a Map: one that has grown old holds on to the tables that it
   * outgrew, and these to their states, until the whole heap is collected.
   */
  #kept: readonly Kept[] = [];

  constructor(log: EventLogReader, snapshots: StateSnapshots) {
    this.#log = log;
    this.#snapshots = snapshots;
  }

  /** Position of the last event of a moment; -1 before the first. Throws LOG_POSITION_UNKNOWN past the end of the log. */
  async position(moment: Moment): Promise<number> {
    if (!('seq' in moment)) return this.#log.positionAt(BigInt(moment.time));
    const { seq } = moment;
    const { firstSeq, durableSeq } = this.#log;
    const known = Number.isSafeInteger(seq) && seq >= -1 && seq <= durableSeq;
    if (known && seq >= firstSeq - 1) return seq;
    if (known) throw this.#pruned(seq);
    throw new ShiplogError('LOG_POSITION_UNKNOWN', `the log has positions 0 to ${this.#log.durableSeq}, not ${seq}`, {
      seq,
      last: this.#log.durableSeq,
    });
  }

  /** The whole engine after the event at `seq`. Nobody may change it: others get the same. */
  state(seq: number): Promise<State> {
    const state = this.#keptAt(seq) ?? this.#fold(seq);
    this.#kept = [...this.#kept.filter((kept) => kept.seq !== seq), { seq, state }].slice(-KEPT);
    state.catch(() => {
      this.#kept = this.#kept.filter((kept) => kept.state !== state);
    });
    return state;
  }

  /**
   * One object after the event at `seq`, by name or id as a view finds it, or what that throws. Images and networks, and
   * containers by name or full id, are found without folding the whole engine.
   */
  async record<K extends ObjectKind>(kind: K, ref: string, seq: number): Promise<ObjectRecords[K]> {
    const view = this.#keptAt(seq) === undefined ? await this.#part(kind, ref, seq) : undefined;
    return findRecord(view ?? (await this.state(seq)), kind, ref);
  }

  #keptAt(seq: number): Promise<State> | undefined {
    return this.#kept.find((kept) => kept.seq === seq)?.state;
  }

  #fold(seq: number): Promise<State> {
    return this.#snapshots.from(seq, async (stored) => {
      const from = stored?.header.seq ?? 0;
      const [nearest] = this.#kept.filter((kept) => kept.seq < seq && kept.seq >= from).toSorted((a, b) => b.seq - a.seq);
      const state = nearest === undefined ? await (stored?.state() ?? this.#start(seq)) : snapshotOf(await nearest.state);
      await foldTo(state, this.#log, seq);
      return state;
    });
  }

  async #start(seq: number): Promise<State> {
    if (seq < 0) return createState();
    const state = await startState(this.#log);
    // Pruned since it was asked for.
    if (state.seq > seq) throw this.#pruned(seq);
    return state;
  }

  #pruned(seq: number): ShiplogError {
    const { firstSeq } = this.#log;
    const message = `what was before event ${firstSeq} was pruned; ask about ${firstSeq - 1} or later`;
    return new ShiplogError('LOG_PRUNED', message, { seq, first: firstSeq });
  }

  /** A state that knows of one object all there is to know; undefined where that takes the whole state. */
  async #part(kind: ObjectKind, ref: string, seq: number): Promise<State | undefined> {
    if (kind === 'volume') return undefined;
    return this.#snapshots.from(seq, async (stored) => {
      if (stored === undefined) return undefined;
      if (kind === 'container') return this.#containerPart(stored, ref, seq);
      const [state, events] = await Promise.all([
        stored.shared(kind === 'image' ? ['images', 'pending'] : ['networks', 'pending']),
        this.#since(stored, seq, [`${kind}.*`]),
      ]);
      for (const event of events) evolve(state, event);
      return state;
    });
  }

  async #containerPart(stored: StoredState, ref: string, seq: number): Promise<State | undefined> {
    const [part, state, others] = await Promise.all([
      stored.container(ref),
      stored.shared(WITH_CONTAINERS),
      this.#since(stored, seq, ABOUT_CONTAINERS),
    ]);
    const id = part?.record.id ?? (FULL_ID.test(ref) ? ref : undefined);
    if (id === undefined) return undefined;
    const own = await all(this.#log.readStream(`container/${id}`, (part?.rev ?? -1) + 1, seq));
    if (own.some(({ type }) => type === NEEDS_IMAGES)) {
      const [images, changes] = await Promise.all([stored.shared(['images']), this.#since(stored, seq, [ABOUT_IMAGES])]);
      for (const [key, image] of images.images) state.images.set(key, image);
      own.push(...changes);
    }
    if (part !== undefined) {
      state.containers.set(id, part.record);
      for (const exec of part.execs) state.execs.set(exec.id, exec);
    }
    for (const event of [...own, ...others].toSorted((a, b) => a.seq - b.seq)) evolve(state, event);
    // A name that is held is held by one container. Whether another has it now, only the whole state tells.
    const record = state.containers.get(id);
    return record !== undefined && (record.id === ref || record.name === ref) ? state : undefined;
  }

  #since(stored: StoredState, seq: number, types: readonly string[]): Promise<ShiplogEvent[]> {
    return all(this.#log.read({ from: stored.header.seq + 1, to: seq, types }));
  }
}

async function all(events: AsyncIterable<ShiplogEvent>): Promise<ShiplogEvent[]> {
  const found: ShiplogEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}
