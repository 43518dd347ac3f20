import { type Engine, type Moment, ShiplogError } from '@shiplog/contracts';

/** Position of the last event at or before a moment; -1 when the log had not begun. */
export async function lastAt(engine: Engine, moment: Moment): Promise<number> {
  if ('seq' in moment) return moment.seq;
  try {
    return (await engine.view(moment)).seq;
  } catch (error) {
    if (error instanceof ShiplogError && error.code === 'LOG_POSITION_UNKNOWN') return -1;
    throw error;
  }
}

/** Position of the first event at (for a position) or after (for a time) a moment. */
export async function firstFrom(engine: Engine, moment: Moment): Promise<number> {
  return 'seq' in moment ? moment.seq : (await lastAt(engine, moment)) + 1;
}
