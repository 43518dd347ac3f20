import { Subject } from 'rxjs';
import { evolve, schemaVersion, snapshotOf, type State } from '@shiplog/model';
import { type Admitted, type AppendRequest, type EventLog, type NewEvent, type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { foldTo } from './fold.ts';
import { Moments } from './moments.ts';
import type { Logger } from '../ports.ts';
import { SnapshotMarker, type Spacing } from '../snapshots/snapshot-marker.ts';
import { StateSnapshots } from '../snapshots/state-snapshots.ts';
import { hashState } from '../snapshots/state-hash.ts';
import { startState } from './start-state.ts';

/** How many times farther apart snapshots may be than usual that are made afterwards. */
const STRIDES = 4;

/**
 * The log and the state folded from it, kept in step.
 *
 * `head` holds everything admitted, durable or not: decisions are taken against it, one after the other, so that two
 * concurrent commands cannot both take a name. What leaves the engine is only ever durable: {@link Ledger.view} waits for
 * what it shows, and {@link Ledger.facts} tells events once they are on disk.
 */
export class Ledger {
  readonly head: State;
  /** The past. */
  readonly moments: Moments;
  /** Durable events, in order, as they become so. */
  readonly facts = new Subject<ShiplogEvent>();
  readonly #failed = Promise.withResolvers<ShiplogError>();
  readonly #snapshots: StateSnapshots;
  readonly #marker: SnapshotMarker;
  readonly #logger: Logger;
  readonly #spacing: Spacing | undefined;
  #cached: State | undefined;

  private constructor(
    readonly log: EventLog,
    snapshots: StateSnapshots,
    head: State,
    logger: Logger,
    spacing: Spacing | undefined,
  ) {
    this.#logger = logger;
    this.#spacing = spacing;
    this.head = head;
    this.#snapshots = snapshots;
    this.moments = new Moments(log, snapshots);
    this.#marker = new SnapshotMarker(snapshots.store, head.seq, logger, spacing);
  }

  /**
   * Resolves, and never before, when the log could not be written. The log admits nothing from then on, and `head`
   * holds what will not be there later: the process must end, and the next one folds what is on disk.
   */
  get failed(): Promise<ShiplogError> {
    return this.#failed.promise;
  }

  /**
   * Folds what came after the last snapshot; all that is kept if there is none that fits. On its way it has those made that are missing: else looks at
   * this part of the past would fold all before them, each time. `spacing`: that of snapshots, for tests.
   */
  static async open(log: EventLog, logger: Logger, spacing?: Spacing): Promise<Ledger> {
    const snapshots = new StateSnapshots(log);
    const ledger = new Ledger(log, snapshots, await lastState(snapshots, log, logger), logger, spacing);
    await foldAlong(ledger.head, log, log.durableSeq, ledger.#marker);
    return ledger;
  }

  /** Admits events and folds them in. What {@link EventLog.append} throws leaves the state as it was. */
  append(request: AppendRequest): Admitted {
    const admitted = this.#admit(request);
    for (const event of admitted.events) evolve(this.head, event);
    this.#cached = undefined;
    this.#marker.passed(this.head, admitted.durable);
    const durable = admitted.durable.then(() => {
      for (const event of admitted.events) this.facts.next(event);
    });
    // Also for callers that do not await `durable`: a dead disk is told once, here, and is no unhandled rejection.
    durable.catch((error: unknown) => this.note(ShiplogError.wrap(error, 'LOG_CLOSED')));
    return { events: admitted.events, durable };
  }

  /** Takes note of what an operation failed with: the log is also written where events are moved or go. */
  note(error: ShiplogError): void {
    if (error.code === 'LOG_CLOSED') this.#failed.resolve(error);
  }

  #admit(request: AppendRequest): Admitted {
    try {
      return this.log.append({ ...request, events: request.events.map(versioned) });
    } catch (error) {
      this.note(ShiplogError.wrap(error));
      throw error;
    }
  }

  /** The state as of now, once all of it is durable. The view never changes afterwards. */
  async view(): Promise<State> {
    const view = (this.#cached ??= snapshotOf(this.head));
    if (view.seq > this.log.durableSeq) await this.log.flushed();
    return view;
  }

  /**
   * Removes snapshots of before a position, behind which every event is kept. Others that are differences to one of those are made anew; the next one is
   * whole. They go last, and so say, after a kill, that this is to be done again: then what it made is made anew as well.
   */
  async discardSnapshotsBefore(seq: number): Promise<void> {
    await this.settled();
    this.#marker.renew();
    const useless = await this.#snapshots.baseless(seq);
    const last = useless.at(-1);
    if (last !== undefined) {
      await this.#snapshots.discardBetween(seq, last, useless);
      const state = snapshotOf(await this.moments.state(seq));
      const marker = new SnapshotMarker(this.#snapshots.store, Number.NEGATIVE_INFINITY, this.#logger, this.#spacing);
      marker.passed(state, Promise.resolve());
      await foldAlong(state, this.log, last, marker);
      await marker.settled();
    }
    await this.#snapshots.discardBefore(seq);
    await this.#snapshots.discardDifferences(await this.#snapshots.baseless(seq));
  }

  /** Resolves when no snapshot is being written. */
  settled(): Promise<void> {
    return this.#marker.settled();
  }
}

/** Folds what comes after the state, up to `end`, and has snapshots made on the way. */
async function foldAlong(state: State, log: EventLog, end: number, marker: SnapshotMarker): Promise<void> {
  for (let strides = 1; state.seq < end; strides += 1) {
    await foldTo(state, log, Math.min(end, state.seq + marker.stride(state)));
    if (state.seq === end) return;
    // Folding is faster than writing; but no two are farther apart than some strides.
    if (strides % STRIDES === 0) await marker.settled();
    marker.passed(state, Promise.resolve());
  }
}

/** The newest snapshot, if it is what it says it is: decisions will rest on it. */
async function lastState(snapshots: StateSnapshots, log: EventLog, logger: Logger): Promise<State> {
  await snapshots.discardOld();
  return snapshots.from(log.durableSeq, async (stored) => {
    if (stored === undefined) return startState(log);
    const state = await stored.state();
    if (hashState(state) === stored.header.hash) return state;
    logger.error('snapshot does not have the state it was made of; folding all that is kept', { seq: stored.header.seq });
    return startState(log);
  });
}

/** Says in which shape this release writes an event's data. */
function versioned(event: NewEvent): NewEvent {
  const sv = schemaVersion(event.type);
  return sv === 1 ? event : { ...event, sv };
}
