import type { LogBoundary, StoredState } from '@shiplog/contracts';
import { replyJson } from '../reply.ts';
import type { Exchange, Route } from '../route.ts';

/** Where the log begins. Where events were pruned, with what stands for them. */
export type BoundaryAnswer = LogBoundary | { readonly first: 0 };

/** `GET log/boundary`: what goes before the events of a pruned log to fold them on; `{"first":0}` where nothing was pruned. */
export const boundary: Route = {
  path: ['log', 'boundary'],
  query: [],
  async answer({ engine, record, response }: Exchange): Promise<void> {
    await record.read({ from: 0, to: Math.max(0, engine.log.firstSeq - 1), follow: false });
    replyJson(response, 200, await answerOf(engine.log));
  },
};

async function answerOf(log: Exchange['engine']['log']): Promise<BoundaryAnswer> {
  const found = await log.boundary();
  if (found === undefined) return { first: 0 };
  const state: StoredState = JSON.parse(Buffer.from(found.state).toString('utf8'));
  return { v: 1, kind: 'boundary', first: found.seq + 1, state };
}
