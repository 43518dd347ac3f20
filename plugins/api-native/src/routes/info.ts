import type { EngineInfo } from '@shiplog/contracts';
import { replyJson } from '../reply.ts';
import type { Exchange, Route } from '../route.ts';

/** What the engine says of itself, and how long its log is. */
export interface InfoAnswer extends EngineInfo {
  /** Version of the native API. */
  readonly api: 1;
  /** Position of the last durable event; -1 for none. */
  readonly durableSeq: number;
}

/** `GET info`: facts of engine, drivers and log. */
export const info: Route = {
  path: ['info'],
  query: [],
  readsNothing: true,
  async answer({ engine, response }: Exchange): Promise<void> {
    const answer: InfoAnswer = { api: 1, durableSeq: engine.log.durableSeq, ...(await engine.info()) };
    replyJson(response, 200, answer);
  },
};
