import { Subject } from 'rxjs';
import { createState, evolve, schemaVersion, snapshotOf, type State } from '@shiplog/model';
import { type Admitted, type AppendRequest, type EventLog, type NewEvent, type ShiplogEvent, ShiplogError } from '@shiplog/contracts';

/**
 * The log and the state folded from it, kept in step.
 *
 * `head` holds everything admitted, durable or not: decisions are taken against it, one after the other, so that two
 * concurrent commands cannot both take a name. What leaves the engine is only ever durable: {@link Ledger.view} waits for
 * what it shows, and {@link Ledger.facts} tells events once they are on disk.
 */
export class Ledger {
  readonly head: State = createState();
  /** Durable events, in order, as they become so. */
  readonly facts = new Subject<ShiplogEvent>();
  readonly #failed = Promise.withResolvers<ShiplogError>();
  #cached: State | undefined;

  private constructor(readonly log: EventLog) {}

  /**
   * Resolves, and never before, when an append could not be made durable. The log admits nothing from then on, and `head`
   * holds what will not be there later: the process must end, and the next one folds what is on disk.
   */
  get failed(): Promise<ShiplogError> {
    return this.#failed.promise;
  }

  /** Folds the whole log. */
  static async open(log: EventLog): Promise<Ledger> {
    const ledger = new Ledger(log);
    for await (const event of log.read()) evolve(ledger.head, event);
    return ledger;
  }

  /** Admits events and folds them in. What {@link EventLog.append} throws leaves the state as it was. */
  append(request: AppendRequest): Admitted {
    const admitted = this.log.append({ ...request, events: request.events.map(versioned) });
    for (const event of admitted.events) evolve(this.head, event);
    this.#cached = undefined;
    const durable = admitted.durable.then(() => {
      for (const event of admitted.events) this.facts.next(event);
    });
    // Also for callers that do not await `durable`: a dead disk is told once, here, and is no unhandled rejection.
    durable.catch((error: unknown) => this.#failed.resolve(ShiplogError.wrap(error, 'LOG_CLOSED')));
    return { events: admitted.events, durable };
  }

  /** The state as of now, once all of it is durable. The view never changes afterwards. */
  async view(): Promise<State> {
    const view = (this.#cached ??= snapshotOf(this.head));
    if (view.seq > this.log.durableSeq) await this.log.flushed();
    return view;
  }
}

/** Says in which shape this release writes an event's data. */
function versioned(event: NewEvent): NewEvent {
  const sv = schemaVersion(event.type);
  return sv === 1 ? event : { ...event, sv };
}
