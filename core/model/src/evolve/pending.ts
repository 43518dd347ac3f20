import type { CommandType } from '@shiplog/contracts';
import type { Held, PendingOf, State } from '../state.ts';

/** The intent of an open operation, if it is of this verb and decided something. */
export function pendingOf<T extends CommandType>(state: State, op: string, verb: T): PendingOf<T> | undefined {
  const pending = state.pending.get(op);
  return pending?.verb === verb ? (pending as PendingOf<T>) : undefined;
}

/** Remembers what an intent displaced, to give it back if it fails. */
export function hold(state: State, op: string, held: Held): void {
  const pending = state.pending.get(op);
  if (pending !== undefined) state.pending.set(op, { ...pending, held: { ...pending.held, ...held } });
}
