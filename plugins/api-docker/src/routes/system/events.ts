import { type Engine, type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { decode, type Exchange } from '../../http/exchange.ts';
import { Filters } from '../../http/filters.ts';
import { beginStream, writeChunk } from '../../http/reply.ts';
import { eventLine } from '../../translate/docker-event.ts';
import { passes } from '../../translate/event-filter.ts';
import { EventProjection } from '../../translate/event.ts';
import { nowNanoseconds, parseMoment } from '../../translate/time.ts';

/**
 * `GET /events`. `since` and `until` select by the events' own time over the whole history; with neither, what happens
 * from now on. A future `until` ends the stream at that time, or when all that was there then has been told; a past one after the history.
 */
export async function events(exchange: Exchange): Promise<void> {
  const { engine, response, query, gone, caller } = exchange;
  const present = engine.log.durableSeq + 1;
  using held = engine.log.hold();
  // Before anything is answered: what cannot be told is refused, not cut off.
  const { since, until, filters, from, projection } = await decode(exchange, 'log.read', async () => {
    const range = { since: parseMoment(query.get('since')), until: parseMoment(query.get('until')) };
    const { since: first, until: last } = range;
    if (first !== undefined && last !== undefined && first > last) {
      const told = `\`since\` time (${query.get('since')}) cannot be after \`until\` time (${query.get('until')})`;
      throw new ShiplogError('REQUEST_INVALID', told);
    }
    const wanted = Filters.parse(query.get('filters'));
    const begin = first === undefined && last === undefined ? present : Math.max(held.next, await firstSince(engine, first));
    return { ...range, filters: wanted, from: begin, projection: await projectionAt(exchange, begin - 1) };
  });
  const over = until !== undefined && until <= nowNanoseconds();
  const asked = Object.fromEntries(['filters', 'since', 'until'].map((name) => [name, query.getAll(name)]));
  held.advance(from);
  const read = await engine.recordRead({ from, follow: !over, filters: asked }, caller);
  beginStream(response, 'application/json');
  const send = async (event: ShiplogEvent): Promise<void> => {
    for (const told of projection.next(event)) {
      const time = BigInt(told.time);
      if ((since !== undefined && time < since) || (until !== undefined && time > until) || !passes(told, filters)) continue;
      await writeChunk(response, eventLine(told), gone);
    }
  };
  let next = from;
  let last = -1;
  const tell = async (told: AsyncIterable<ShiplogEvent>): Promise<void> => {
    for await (const event of told) {
      if (gone.aborted) break;
      next = event.seq + 1;
      held.advance(next);
      await send(event);
      last = event.seq;
    }
  };
  if (!over) await tell(engine.log.follow({ from, signal: until === undefined ? gone : AbortSignal.any([gone, untilSignal(until)]) }));
  // All there is when the time is over: telling it may take longer.
  if (until !== undefined) await tell(engine.log.read({ from: next }));
  response.end();
  await read.end(last);
}

/** Position from which on events may be of `since` or later: none before it is, whatever the clock did. */
async function firstSince({ log }: Engine, since = 0n): Promise<number> {
  if (since <= 0n) return log.firstSeq;
  try {
    return (await log.positionAt(since - 1n)) + 1;
  } catch (error) {
    if (error instanceof ShiplogError && error.code === 'LOG_PRUNED') return log.firstSeq;
    throw error;
  }
}

/** The projection as it stands after the event at `seq`, with the intents that are open there. */
async function projectionAt({ engine }: Exchange, seq: number): Promise<EventProjection> {
  if (seq < 0) return new EventProjection();
  const view = await engine.view({ seq });
  const projection = EventProjection.from(view);
  for (const open of view.openOperations.values()) {
    // Pruned, as the end of that operation may be, too.
    if (open.seq < engine.log.firstSeq) continue;
    for await (const intent of engine.log.read({ from: open.seq, to: open.seq })) projection.resume(intent);
  }
  return projection;
}

/** Timers hold 31 bits of milliseconds; an `until` further away than that does not end the stream. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function untilSignal(until: bigint): AbortSignal {
  const left = Number((until - nowNanoseconds()) / 1_000_000n);
  if (left > LONGEST_TIMER_MS) return new AbortController().signal;
  return AbortSignal.timeout(Math.max(0, left));
}
