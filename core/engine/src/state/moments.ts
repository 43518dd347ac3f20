import { createState, findRecord, snapshotOf, type State } from '@shiplog/model';
import { type EventLogReader, type Moment, type ObjectKind, type ObjectRecords, ShiplogError } from '@shiplog/contracts';
import { foldTo } from './fold.ts';
import { stateOfOne } from '../past/state-of-one.ts';
import type { StateSnapshots } from '../snapshots/state-snapshots.ts';
import { startState } from './start-state.ts';

/** States that are kept because somebody asked for them: looks at the past come in groups, at one moment or to compare two. */
const KEPT = 2;

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
   * One object after the event at `seq`, by name or id as a view finds it, or what that throws. Almost always found without folding the
   * whole engine.
   */
  async record<K extends ObjectKind>(kind: K, ref: string, seq: number): Promise<ObjectRecords[K]> {
    const one = this.#keptAt(seq) === undefined ? await this.#one(kind, ref, seq) : undefined;
    return findRecord(one ?? (await this.state(seq)), kind, ref);
  }

  #one(kind: ObjectKind, ref: string, seq: number): Promise<State | undefined> {
    const log = this.#log;
    return this.#snapshots.from(seq, async (stored) => stored && stateOfOne({ log, stored, seq }, kind, ref));
  }

  #keptAt(seq: number): Promise<State> | undefined {
    return this.#kept.find((kept) => kept.seq === seq)?.state;
  }

  #fold(seq: number): Promise<State> {
    return this.#snapshots.from(seq, async (stored) => {
      const from = stored?.header.seq ?? this.#log.firstSeq - 1;
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
}
