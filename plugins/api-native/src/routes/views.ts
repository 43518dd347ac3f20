import { ShiplogError } from '@shiplog/contracts';
import { replyJson } from '../reply.ts';
import type { Exchange, Route } from '../route.ts';

/**
 * `GET views`: names of the projections. `GET views/NAME`: what one shows, as `{first, seq, view}`, with all parameters handed to it. Looks are
 * recorded as reads of the log up to where the projection is.
 */
export const views: Route = {
  path: ['views'],
  takesRest: true,
  query: [],
  anyQuery: true,
  async answer({ engine, extensions, record, query, rest, response }: Exchange): Promise<void> {
    const [name] = rest;
    if (name === undefined) return replyJson(response, 200, extensions.views.list());
    if (rest.length > 1) throw new ShiplogError('NOT_FOUND', `there is no view ${rest.join('/')}`);
    const to = engine.log.durableSeq;
    if (extensions.views.list().includes(name)) await record.read({ from: 0, to, follow: false, filters: { view: [name] } });
    replyJson(response, 200, await extensions.views.ask(name, Object.fromEntries(query)));
  },
};
