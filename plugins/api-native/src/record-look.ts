import type { Caller, Engine } from '@shiplog/contracts';
import { lastAt } from './position.ts';
import { momentParameter } from './route.ts';

/** Records a look at one moment, the one in `at` or now, before it is answered. */
export async function recordLook(
  engine: Engine,
  caller: Caller,
  query: URLSearchParams,
  filters: { readonly [name: string]: readonly string[] } = {},
): Promise<void> {
  const at = momentParameter(query, 'at');
  const seq = at === undefined ? engine.log.durableSeq : await lastAt(engine, at);
  await engine.recordRead({ from: seq, to: seq, follow: false, filters }, caller);
}
