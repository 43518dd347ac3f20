import type { ShiplogEvent } from './envelope.ts';
import type { ObjectKind } from './state.ts';

/** One field that is another. Absent where there was, or is, none. `field` is a path: `endpoints.bridge.ipv4`. */
export interface FieldChange {
  readonly field: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What became of one object. Only one that changed has fields. */
export interface ObjectChange {
  readonly change: 'added' | 'removed' | 'changed';
  readonly kind: ObjectKind;
  readonly id: string;
  /** Its name; the first tag, or the id, of an image. */
  readonly name: string;
  readonly fields?: readonly FieldChange[];
}

/** What differs between the states after the events at `from` and `to`. */
export interface StateDiff {
  readonly from: number;
  readonly to: number;
  readonly changes: readonly ObjectChange[];
}

/**
 * How a link follows from the one that stands before it in a chain. `last`: the event that made things as they are. `asked`: it is what came of
 * this intent. `caused`: the engine asked for it because of this. `during`: it happened while this was under way. `after`: it
 * followed on this. `since`: it began with this; what came between is left out.
 */
export type Relation = 'last' | 'asked' | 'caused' | 'during' | 'after' | 'since';

/** One event of a chain of causes. */
export interface CauseLink {
  readonly relation: Relation;
  readonly event: ShiplogEvent;
}

/** Why something is as it is, in events from the last back to the request and its caller. */
export interface Explanation {
  readonly chain: readonly CauseLink[];
  /** The same for its coming into being; empty if that is part of the chain. */
  readonly origin: readonly CauseLink[];
  /** Of a container that runs: its changes of health, the last first, and the start before them; empty without any. */
  readonly health: readonly CauseLink[];
}
