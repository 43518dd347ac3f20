import { hash } from 'node:crypto';
import { canonicalJson } from '@shiplog/event-log';
import { type State, storeState } from '@shiplog/model';
import { type LogBoundary, type ShiplogEvent, ShiplogError } from '@shiplog/contracts';

/** A log to replay: its events in order. Where older ones were pruned, what stands for them comes before the first. */
export type Replayable = AsyncIterable<ShiplogEvent | LogBoundary>;

/** Whether this stands for events that were pruned. */
export function isBoundary(item: ShiplogEvent | LogBoundary): item is LogBoundary {
  return item.kind === 'boundary';
}

/**
 * Passes a log on; throws LOG_CORRUPT where it does not begin at 0 or behind a boundary, leaves an event out, or tells of a boundary that it does
 * not have: a fold over a gap means nothing.
 */
export async function* inOrder(log: Replayable): AsyncGenerator<ShiplogEvent | LogBoundary> {
  let next = 0;
  let boundary: LogBoundary | undefined;
  for await (const item of log) {
    if (isBoundary(item)) {
      if (next > 0 || item.state.seq !== item.first - 1)
        throw notWhole(next, item.first, 'what stands for pruned events is not where the log begins');
      boundary = item;
      next = item.first;
    } else {
      if (item.seq !== next) throw gap(next, item.seq);
      if (item.type === 'log.bounded' && item.data.first === boundary?.first && item.data.state !== stateHash(boundary))
        throw notWhole(0, boundary.first, 'what stands for pruned events is not what was recorded when they went');
      next += 1;
    }
    yield item;
  }
}

/** The events alone. */
export async function* eventsOf(log: Replayable): AsyncGenerator<ShiplogEvent> {
  for await (const item of log) if (!isBoundary(item)) yield item;
}

/** What goes before the events that follow on a state, as in an export; undefined for the state before the first event of all. */
export function boundaryOf(state: State): LogBoundary | undefined {
  return state.seq < 0 ? undefined : { v: 1, kind: 'boundary', first: state.seq + 1, state: storeState(state) };
}

/** SHA-256, hex, of the state's canonical text: what `log.bounded` says. */
function stateHash({ state }: LogBoundary): string {
  return hash('sha256', canonicalJson(state));
}

function gap(next: number, found: number): ShiplogError {
  const what = next === 0 ? `it begins at position ${found}` : `position ${next} is followed by ${found - 1 === next ? 'a gap' : found}`;
  return notWhole(next, found, what);
}

function notWhole(next: number, found: number, what: string): ShiplogError {
  const message = `only a whole log can be replayed, and ${what}: export it with \`shiplog log export\``;
  return new ShiplogError('LOG_CORRUPT', message, { from: next, to: Math.max(next, found - 1) });
}
