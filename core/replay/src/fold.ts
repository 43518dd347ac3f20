import { hash } from 'node:crypto';
import { canonicalState, createState, evolve, type State } from '@shiplog/model';
import { type Moment, type ShiplogEvent, ShiplogError } from '@shiplog/contracts';

/** A state folded from events, and its hash: SHA-256, hex, over its canonical text. Equal events, equal hash. */
export interface Folded {
  /** Position of the last event folded in; -1 for none. */
  readonly seq: number;
  readonly hash: string;
  readonly state: State;
}

/** Told now and then how many events have been read. */
export type ReadProgress = (events: number) => void;

/**
 * The state after all `events`, or at a moment as the engine would answer it. Throws LOG_POSITION_UNKNOWN when the events end
 * before that position.
 */
export async function fold(events: AsyncIterable<ShiplogEvent>, at?: Moment, progress?: ReadProgress): Promise<Folded> {
  const state = createState();
  const last = at !== undefined && 'seq' in at ? at.seq : undefined;
  const time = at !== undefined && 'time' in at ? BigInt(at.time) : undefined;
  if (last !== -1) {
    for await (const event of events) {
      // Order is seq, not time: a clock that steps back does not hide later events that are older still.
      if (time !== undefined && BigInt(event.t) > time) break;
      evolve(state, event);
      if (event.seq % 1024 === 0) progress?.(event.seq);
      if (event.seq === last) break;
    }
  }
  if (last !== undefined && state.seq !== last) {
    throw new ShiplogError('LOG_POSITION_UNKNOWN', `the log has positions 0 to ${state.seq}, not ${last}`, { seq: last, last: state.seq });
  }
  return { seq: state.seq, hash: hashOf(state), state };
}

/** A state as text: JSON, in the bytes that are hashed. */
export function stateText(state: State): string {
  return canonicalState(state);
}

/** The hash of a state; what `shiplog log hash` prints. */
export function hashOf(state: State): string {
  return hash('sha256', stateText(state));
}
