import type { CommandAnswers, CommandArgs, CommandType, Decisions, ErrorRecord, Outcomes } from '@shiplog/contracts';
import type { Operation } from '../commands/operation.ts';

/** What recovery found an interrupted operation to have come to. `unknown` is reported, never guessed. */
export type Recovered<T extends CommandType> =
  | { readonly status: 'ok'; readonly data: Outcomes[T] }
  | { readonly status: 'failed' | 'unknown'; readonly error: ErrorRecord };

/** How one verb takes effect. */
export interface Handler<T extends CommandType> {
  /** Takes effect; what it throws fails the operation, after its steps were taken back. */
  run(op: Operation<T>): Promise<Outcomes[T]>;
  /** After a crash: completes it or takes it back. May be repeated. */
  recover(op: Operation<T>): Promise<Recovered<T>>;
  /** The outcome where the decision left nothing to do on the host; absent: an empty one. */
  readonly unaffected?: Outcomes[T];
  /** What the client is told. */
  answer(decided: NonNullable<Decisions[T]>, outcome: Outcomes[T]): CommandAnswers[T];
}

/** What an operation that was cut off and taken back is told as. */
export const INTERRUPTED: ErrorRecord = { code: 'CANCELED', message: 'the engine stopped while this was under way; it was taken back' };

/** What an operation is told as when nobody can know whether it took effect. */
export const UNKNOWN: ErrorRecord = {
  code: 'CANCELED',
  message: 'the engine stopped while this was under way; whether it took effect is not known',
};

/** The decision of an intent that was not refused. */
export function decided<T extends CommandType>(op: Operation<T>): NonNullable<Decisions[T]> {
  // Only intents that decide accepted reach a handler.
  return op.intent.data.decided as NonNullable<Decisions[T]>;
}

/** What the client asked, as the intent keeps it. */
export function asked<T extends CommandType>(op: Operation<T>): CommandArgs[T] {
  return op.intent.data.args as CommandArgs[T];
}
