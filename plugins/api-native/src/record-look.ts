import { lastAt } from './position.ts';
import { type Exchange, pastParameter } from './route.ts';

/** Records a look at one moment, the one in `at` or now, before it is answered. */
export async function recordLook(
  { engine, record, query }: Pick<Exchange, 'engine' | 'record' | 'query'>,
  filters: { readonly [name: string]: readonly string[] } = {},
): Promise<void> {
  const at = pastParameter(query, 'at');
  const seq = at === undefined ? engine.log.durableSeq : await lastAt(engine, at);
  await record.read({ from: seq, to: seq, follow: false, filters });
}
