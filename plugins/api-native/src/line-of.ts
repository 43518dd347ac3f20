import type { Actor, ShiplogEvent } from '@shiplog/contracts';

/** The line made last for an event, and the caller it tells. It goes with the event, which followers share while it is new. */
const kept = new WeakMap<ShiplogEvent, { readonly actor: Actor; readonly line: Buffer }>();

/** An event as a line of JSON, with `actor` in the place of its own. Written once for all who are told the same caller. */
export function lineOf(event: ShiplogEvent, actor: Actor): Buffer {
  const last = kept.get(event);
  if (last?.actor === actor) return last.line;
  const line = Buffer.from(`${JSON.stringify(actor === event.actor ? event : { ...event, actor })}\n`);
  kept.set(event, { actor, line });
  return line;
}
