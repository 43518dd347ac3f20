import type { AppendRequest, NewEvent, ShiplogEvent, Stamp, StreamName } from '@shiplog/contracts';

/** What the events of the kit's appends share. */
export function stamp(op = 'op-1', idem?: string): Stamp {
  const base = {
    op,
    corr: `corr-${op}`,
    t: '1700000000000000000',
    mono: '42',
    actor: { scheme: 'system', reason: 'conformance' },
  } as const;
  return idem === undefined ? base : { ...base, idem };
}

/** A small event of a container's stream; `kills` tells it from the others. */
export function sample(container: string, kills = 0, tags?: readonly string[]): NewEvent {
  const event = { stream: `container/${container}`, type: 'container.oom', kind: 'observed', data: { id: container, kills } } as const;
  return tags === undefined ? event : { ...event, tags };
}

/** An append of `events` and nothing else. */
export function request(events: readonly NewEvent[], more: Partial<AppendRequest> = {}): AppendRequest {
  return { stamp: stamp(), events, ...more };
}

export function stream(container: string): StreamName {
  return `container/${container}`;
}

/** Takes `count` items, or fewer if there are no more, and ends the loop over them. */
export async function take(events: AsyncIterable<ShiplogEvent>, count = Number.POSITIVE_INFINITY): Promise<ShiplogEvent[]> {
  const taken: ShiplogEvent[] = [];
  if (count === 0) return taken;
  for await (const event of events) {
    taken.push(event);
    if (taken.length >= count) break;
  }
  return taken;
}
