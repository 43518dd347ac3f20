import { type Engine, type Moment, parsePast, type StateView } from '@shiplog/contracts';
import { nowNanoseconds } from '../translate/time.ts';
import type { Exchange } from './exchange.ts';

/** The engine as a request looks at it. */
export interface Look {
  readonly view: StateView;
  /** What time it is there, nanoseconds since the epoch. */
  readonly now: bigint;
  /** The moment was asked for: what the log does not have, such as sizes, is not to be told. */
  readonly past: boolean;
}

/**
 * The engine now, or at the moment in the parameter `at`: a position, a time, or a duration ago (ours; Docker has no such word).
 * Throws REQUEST_INVALID or LOG_POSITION_UNKNOWN.
 */
export async function look({ engine, query }: Pick<Exchange, 'engine' | 'query'>): Promise<Look> {
  const now = nowNanoseconds();
  const at = momentOf(query, now);
  if (at === undefined) return { view: await engine.view(), now, past: false };
  const view = await engine.view(at);
  return { view, now: await timeOf(engine, at, view.seq, now), past: true };
}

/**
 * The moment in the parameter `at`, if it is there. Throws REQUEST_INVALID, also for an empty one, for whoever has lost a moment does not mean
 * now, and for one that is yet to come.
 */
export function momentOf(query: URLSearchParams, now: bigint): Moment | undefined {
  const text = query.get('at');
  return text === null ? undefined : parsePast(text, now);
}

/** The clock at a moment; what a fraction of a second has yet to come is not known. Of the last event that was pruned, when the next was. */
async function timeOf(engine: Engine, at: Moment, seq: number, now: bigint): Promise<bigint> {
  if ('time' in at) return BigInt(at.time) < now ? BigInt(at.time) : now;
  const kept = Math.max(seq, engine.log.firstSeq);
  if (seq >= 0) for await (const event of engine.log.read({ from: kept, to: kept })) return BigInt(event.t);
  return 0n;
}
