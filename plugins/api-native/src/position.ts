import type { Engine, Moment } from '@shiplog/contracts';

/** Position of the last event at or before a moment; -1 when the log had not begun. */
export async function lastAt(engine: Engine, moment: Moment): Promise<number> {
  if ('seq' in moment) return moment.seq;
  return engine.log.positionAt(BigInt(moment.time));
}

/** Position of the first event at (for a position) or after (for a time) a moment. */
export async function firstFrom(engine: Engine, moment: Moment): Promise<number> {
  return 'seq' in moment ? moment.seq : (await lastAt(engine, moment)) + 1;
}
