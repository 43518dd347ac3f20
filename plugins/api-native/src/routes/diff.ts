import { ShiplogError, type StateDiff } from '@shiplog/contracts';
import { diffStates } from '../diff.ts';
import { lastAt } from '../position.ts';
import { replyJson } from '../reply.ts';
import { type Exchange, pastParameter, type Route } from '../route.ts';

/** `GET diff?from=MOMENT&to=MOMENT`: what differs between two moments, `to` being now if absent. The other way round is a question too. */
export const diff: Route = {
  path: ['diff'],
  query: ['from', 'to'],
  async answer({ engine, record, query, response }: Exchange): Promise<void> {
    const fromMoment = pastParameter(query, 'from');
    if (fromMoment === undefined) throw new ShiplogError('REQUEST_INVALID', 'diff needs the moment to begin with: from');
    const toMoment = pastParameter(query, 'to');
    using _held = engine.log.hold();
    const from = await lastAt(engine, fromMoment);
    const to = toMoment === undefined ? engine.log.durableSeq : await lastAt(engine, toMoment);
    await record.read({ from, to, follow: false });
    // One after the other: the second may begin where the first ended.
    const before = await engine.view({ seq: from });
    const after = await engine.view({ seq: to });
    const answer: StateDiff = { from, to, changes: diffStates(before, after) };
    replyJson(response, 200, answer);
  },
};
