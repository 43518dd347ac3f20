import type { AppendRequest, NewEvent, ShiplogEvent, Stamp } from '@shiplog/contracts';

export const IDENTITY = { boot: 'boot-1', inst: 'inst-1' };

export const STAMP: Stamp = { op: 'op', corr: 'corr', t: '1700000000000000000', mono: '1', actor: { scheme: 'system', reason: 'test' } };

/** Event number `kills` of one of seven streams. */
export function sample(kills: number): NewEvent {
  const id = String(kills % 7);
  return { stream: `container/${id}`, type: 'container.oom', kind: 'observed', data: { id, kills } };
}

/** An append of samples `from` to before `to`. */
export function samples(from: number, to: number): AppendRequest {
  return { stamp: STAMP, events: Array.from({ length: to - from }, (_, index) => sample(from + index)) };
}

/** Ids that two logs can share. */
export function counter(): () => string {
  let count = 0;
  return () => String(count++).padStart(8, '0');
}

export async function all(events: AsyncIterable<ShiplogEvent>): Promise<ShiplogEvent[]> {
  const found: ShiplogEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}

/** The error that something rejects or throws with, or undefined. */
export async function errorOf(action: () => unknown): Promise<{ readonly code?: string; readonly facts?: unknown } | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return error as { readonly code?: string; readonly facts?: unknown };
  }
}
