import { integerOf } from '../../http/query.ts';

/** `signal` and `t`, as stop and restart take them. */
export function stopOptions(query: URLSearchParams): { readonly signal?: string; readonly timeoutSeconds?: number } {
  const signal = query.get('signal') ?? '';
  const timeoutSeconds = integerOf(query, 't');
  return { ...(signal === '' ? {} : { signal }), ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) };
}
