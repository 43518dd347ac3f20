import type { Caller } from '@shiplog/contracts';

/** The engine's own name for itself in the log: who acts when nobody asked. */
export function system(reason: string, more: Pick<Caller, 'corr' | 'cause'> = {}): Caller {
  return { actor: { scheme: 'system', reason }, ...more };
}
