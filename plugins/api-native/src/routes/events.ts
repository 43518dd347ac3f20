import { type Actor, ShiplogError, type ShiplogEvent } from '@shiplog/contracts';
import { joined } from '../joined.ts';
import { lineOf } from '../line-of.ts';
import { sendBatches, sendLines, startLines } from '../lines.ts';
import { firstFrom, lastAt, refuseBackwards, refuseBeyond } from '../position.ts';
import { type Exchange, momentParameter, type Route, switchParameter } from '../route.ts';

/**
 * `GET events?from=&to=&follow=&stream=&type=&sealed=`: envelopes as JSON lines, in order of `seq`.
 *
 * `from` and `to` are moments, both inclusive; without `from` it begins at 0. `follow=1` goes on with new events, until `to` if
 * that is a position. `stream` and `type` may repeat: any of them fits; a `*` at the end fits every ending
 * (`container/abc*`, `container.*`). A slow client is waited for. Callers are told as they were; with `sealed=1` as the log has
 * them, so that the bytes are those that were hashed. Beginning beyond the next position is refused (LOG_POSITION_UNKNOWN): whoever was given
 * such a one read another log, or one whose end is lost. The read itself is recorded before the first line.
 */
export const events: Route = {
  path: ['events'],
  query: ['from', 'to', 'follow', 'stream', 'type', 'sealed'],
  async answer({ engine, record, query, response, gone }: Exchange): Promise<void> {
    const follow = switchParameter(query, 'follow');
    const fromMoment = momentParameter(query, 'from', 'first');
    const toMoment = momentParameter(query, 'to', 'last');
    if (follow && toMoment !== undefined && !('seq' in toMoment)) {
      throw new ShiplogError('REQUEST_INVALID', 'with follow, `to` is a position: a time says nothing about order', {
        to: query.get('to'),
      });
    }
    using held = engine.log.hold();
    const from = fromMoment === undefined ? held.next : await firstFrom(engine, fromMoment);
    refuseBeyond(engine.log.durableSeq, from);
    const to = toMoment === undefined ? undefined : await lastAt(engine, toMoment);
    refuseBackwards(query, { fromMoment, toMoment, from, to });
    held.advance(from);
    const wanted = filterOf(query);
    const open = switchParameter(query, 'sealed') ? (actor: Actor) => actor : await engine.callers();
    // The record of this read is not part of it, unless it follows.
    const last = engine.log.durableSeq;
    const filters = { stream: query.getAll('stream'), type: query.getAll('type') };
    const read = await record.read({ from, ...(to === undefined ? {} : { to }), follow, filters });
    startLines(response);
    let sent = -1;
    if (to === undefined || to >= from) {
      const told = (event: ShiplogEvent): boolean => {
        held.advance(event.seq + 1);
        return wanted(event) && (sent = event.seq) >= 0;
      };
      if (follow) await sendBatches(response, batches(bounded(engine.log.followBatches({ from, signal: gone }), to), told, open), gone);
      else await sendLines(response, filter(engine.log.read({ from, to: Math.min(to ?? last, last) }), told, open), { live: false, gone });
    }
    response.end();
    await read.end(sent);
  },
};

async function* filter(
  events: AsyncIterable<ShiplogEvent>,
  wanted: (event: ShiplogEvent) => boolean,
  open: (actor: Actor) => Actor,
): AsyncIterable<ShiplogEvent> {
  for await (const event of events) if (wanted(event)) yield { ...event, actor: open(event.actor) };
}

async function* bounded(batches: AsyncIterable<readonly ShiplogEvent[]>, to: number | undefined): AsyncIterable<readonly ShiplogEvent[]> {
  if (to === undefined) {
    yield* batches;
    return;
  }
  for await (const events of batches) {
    yield events.filter(({ seq }) => seq <= to);
    if ((events.at(-1)?.seq ?? -1) >= to) return;
  }
}

/** The lines of each batch, as bytes: what followers share is written as JSON, and joined, once. */
async function* batches(
  source: AsyncIterable<readonly ShiplogEvent[]>,
  wanted: (event: ShiplogEvent) => boolean,
  open: (actor: Actor) => Actor,
): AsyncIterable<Buffer> {
  for await (const events of source) {
    const lines = events.filter(wanted).map((event) => lineOf(event, open(event.actor)));
    if (lines.length > 0) yield joined(lines);
  }
}

function filterOf(query: URLSearchParams): (event: ShiplogEvent) => boolean {
  const streams = query.getAll('stream').map(pattern);
  const types = query.getAll('type').map(pattern);
  return (event) => fits(streams, event.stream) && fits(types, event.type);
}

function fits(patterns: readonly ((text: string) => boolean)[], text: string): boolean {
  return patterns.length === 0 || patterns.some((matches) => matches(text));
}

function pattern(text: string): (candidate: string) => boolean {
  if (!text.endsWith('*')) return (candidate) => candidate === text;
  const start = text.slice(0, -1);
  return (candidate) => candidate.startsWith(start);
}
