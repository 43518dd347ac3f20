import type { EventLogReader, ReadOptions, ShiplogEvent } from '@shiplog/contracts';
import type { StoredState } from '../snapshots/decode.ts';

/** A moment after a snapshot. */
export interface Past {
  readonly log: EventLogReader;
  readonly stored: StoredState;
  readonly seq: number;
}

/** What happened since the snapshot, as far as it is wanted. */
export async function eventsSince({ log, stored, seq }: Past, wanted: ReadOptions): Promise<readonly ShiplogEvent[]> {
  const found: ShiplogEvent[] = [];
  for await (const event of log.read({ from: stored.header.seq + 1, to: seq, ...wanted })) found.push(event);
  return found;
}

/** Events of several readings as they happened, each once. */
export function inOrder(...readings: readonly (readonly ShiplogEvent[])[]): readonly ShiplogEvent[] {
  const events = new Map(readings.flat().map((event) => [event.seq, event]));
  return [...events.values()].toSorted((a, b) => a.seq - b.seq);
}
