import { type Actor, type AuditRecord, CONTENT_VERBS, type Hold, ShiplogError, type ShiplogEvent } from '@shiplog/contracts';
import { type AuditFilter, AuditTrail, fits, VERBS, wants } from '@shiplog/model';
import { sendLines, startLines } from '../lines.ts';
import { firstFrom, lastAt, refuseBackwards, refuseBeyond } from '../position.ts';
import { type Exchange, momentParameter, type Route } from '../route.ts';
import { streamsCalled } from '../streams-called.ts';

const LISTS = ['uid', 'user', 'subject', 'verb', 'object', 'status', 'via'] as const;
/** What an act can be. */
const ACTS: readonly string[] = [
  ...new Set<string>([...VERBS, 'log.read', ...CONTENT_VERBS, 'registry.login', 'registry.inspect', 'request.refused']),
];
const STATUSES: readonly string[] = ['ok', 'refused', 'failed', 'canceled', 'unknown', 'pending'];

/**
 * `GET audit?from=&to=&uid=&user=&subject=&verb=&object=&status=&via=`: who did what, with what outcome, as JSON lines
 * ({@link AuditRecord}), in the order in which acts ended; those that have not come last.
 *
 * `from` and `to` are moments, both inclusive: an act counts where it was asked. Throws REQUEST_INVALID where `from` is after `to`, and LOG_POSITION_UNKNOWN
 * where it is a position that is yet to come. The others may repeat; {@link AuditFilter}
 * says what fits; of `object`, also a name that a container or network had at any time. The read itself is recorded before the first line.
 */
export const audit: Route = {
  path: ['audit'],
  query: ['from', 'to', ...LISTS],
  async answer({ engine, record, query, response, gone }: Exchange): Promise<void> {
    const fromMoment = momentParameter(query, 'from', 'first');
    const toMoment = momentParameter(query, 'to', 'last');
    const wish = await filterOf(engine, query);
    const last = engine.log.durableSeq;
    using held = engine.log.hold();
    const from = fromMoment === undefined ? held.next : await firstFrom(engine, fromMoment);
    refuseBeyond(last, from);
    const to = Math.min(toMoment === undefined ? last : await lastAt(engine, toMoment), last);
    refuseBackwards(query, { fromMoment, toMoment, from, to });
    const filters = Object.fromEntries(LISTS.map((name) => [name, query.getAll(name)]));
    await record.read({ from, to, follow: false, filters });
    const open = await engine.callers();
    const filter = { ...wish, called: await streamsCalled(engine, wish.object, last) };
    held.advance(from);
    startLines(response);
    if (from <= to)
      await sendLines(response, wanted(records(engine.log.read({ from, to: last }), to, held), filter, open), { live: false, gone });
    response.end();
  },
};

/** Acts that were asked up to `to`; their outcomes may come after it. */
async function* records(events: AsyncIterable<ShiplogEvent>, to: number, held: Hold): AsyncIterable<AuditRecord> {
  const trail = new AuditTrail();
  for await (const event of events) {
    held.advance(event.seq);
    if (event.seq > to && trail.settled) break;
    if (event.seq > to && event.kind !== 'outcome') continue;
    const record = trail.next(event);
    if (record !== undefined) yield record;
  }
  yield* trail.pending();
}

async function* wanted(source: AsyncIterable<AuditRecord>, filter: AuditFilter, open: (actor: Actor) => Actor): AsyncIterable<AuditRecord> {
  for await (const record of source) {
    const actor = open(record.actor);
    if (wants(filter, record, record.actor, actor)) yield { ...record, actor };
  }
}

async function filterOf(engine: Exchange['engine'], query: URLSearchParams): Promise<Omit<AuditFilter, 'called'>> {
  for (const name of LISTS) {
    // As a script writes whose variable is not set: it fits nothing, which is not to be taken for an answer.
    if (query.getAll(name).includes(''))
      throw new ShiplogError('REQUEST_INVALID', `${name} is empty: give a value, or leave it out`, { parameter: name });
  }
  const status = query.getAll('status');
  for (const word of status) {
    if (!STATUSES.includes(word))
      throw new ShiplogError('REQUEST_INVALID', `status is one of ${STATUSES.join(', ')}, not "${word}"`, { status: word });
  }
  const uid = query.getAll('uid').map((text) => {
    if (!/^\d{1,10}$/.test(text)) throw new ShiplogError('REQUEST_INVALID', `uid is a number, not "${text}"`, { uid: text });
    return Number(text);
  });
  const verb = query.getAll('verb');
  for (const pattern of verb) {
    // Nobody is to take a misspelt verb for one that nobody used.
    if (!ACTS.some((act) => fits(pattern, act)))
      throw new ShiplogError('REQUEST_INVALID', `no verb fits "${pattern}": there are ${ACTS.toSorted().join(', ')}`, { verb: pattern });
  }
  return {
    uid,
    user: query.getAll('user'),
    // A pseudonym alone is also of who was erased.
    subject: await Promise.all(query.getAll('subject').map((name) => (name.includes(':') ? engine.subject(name) : name))),
    verb,
    object: query.getAll('object'),
    status,
    via: query.getAll('via'),
  };
}
