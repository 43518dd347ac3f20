import { hash } from 'node:crypto';
import { canonicalState, createState, evolve, restoreStored, type State } from '@shiplog/model';
import { type Moment, ShiplogError } from '@shiplog/contracts';
import { isBoundary, type Replayable } from './replayable.ts';

/** A state folded from events, and its hash: SHA-256, hex, over its canonical text. Equal events, equal hash. */
export interface Folded {
  /** Position of the first event folded in: 0 unless older ones were pruned, whose state it then began with. */
  readonly first: number;
  /** Position of the last event folded in; -1 for none. */
  readonly seq: number;
  readonly hash: string;
  readonly state: State;
}

/** Told now and then how many events have been read. */
export type ReadProgress = (events: number) => void;

/**
 * The state after all events, or at a moment as the engine would answer it. Throws LOG_POSITION_UNKNOWN when the events end
 * before that position, LOG_PRUNED when they begin behind it.
 */
export async function fold(log: Replayable, at?: Moment, progress?: ReadProgress): Promise<Folded> {
  let state = createState();
  let first = 0;
  const last = at !== undefined && 'seq' in at ? at.seq : undefined;
  const time = at !== undefined && 'time' in at ? BigInt(at.time) : undefined;
  for await (const item of log) {
    if (isBoundary(item)) {
      state = restoreStored(item.state);
      ({ first } = item);
      if (last !== undefined && last < state.seq) throw pruned(first);
      continue;
    }
    if (last === item.seq - 1) break;
    // Order is seq, not time: a clock that steps back does not hide later events that are older still.
    if (time !== undefined && BigInt(item.t) > time) {
      // When the last event that was pruned was, nobody knows any more.
      if (first > 0 && item.seq === first) throw pruned(first);
      break;
    }
    evolve(state, item);
    if (item.seq % 1024 === 0) progress?.(item.seq);
  }
  if (last !== undefined && state.seq !== last) {
    throw new ShiplogError('LOG_POSITION_UNKNOWN', `the log has positions ${first} to ${state.seq}, not ${last}`, {
      seq: last,
      last: state.seq,
    });
  }
  return { first, seq: state.seq, hash: hashOf(state), state };
}

function pruned(first: number): ShiplogError {
  return new ShiplogError('LOG_PRUNED', `what was before event ${first} was pruned; ask about ${first - 1} or later`, { first });
}

/** A state as text: JSON, in the bytes that are hashed. */
export function stateText(state: State): string {
  return canonicalState(state);
}

/** The hash of a state; what `shiplog log hash` prints. */
export function hashOf(state: State): string {
  return hash('sha256', stateText(state));
}
