import { type Engine, type Moment, ShiplogError } from '@shiplog/contracts';

/** Position of the last event at or before a moment; -1 when the log had not begun. */
export async function lastAt(engine: Engine, moment: Moment): Promise<number> {
  if ('seq' in moment) return moment.seq;
  return engine.log.positionAt(BigInt(moment.time));
}

/** Position of the first event at or after a moment. */
export async function firstFrom(engine: Engine, moment: Moment): Promise<number> {
  return 'seq' in moment ? moment.seq : (await engine.log.positionAt(BigInt(moment.time) - 1n)) + 1;
}

/** Throws LOG_POSITION_UNKNOWN for a beginning beyond the next position: whoever was given such a one read another log, or one whose end is lost. */
export function refuseBeyond(last: number, from: number): void {
  if (from > last + 1)
    throw new ShiplogError('LOG_POSITION_UNKNOWN', `the log has positions 0 to ${last}, and the next is ${last + 1}, not ${from}`, {
      seq: from,
      last,
    });
}

/** A range of moments, and its positions, as far as it has them. */
interface Range {
  readonly fromMoment: Moment | undefined;
  readonly toMoment: Moment | undefined;
  readonly from: number;
  readonly to: number | undefined;
}

/** Throws REQUEST_INVALID for a range that ends before it begins. Nothing may have happened in between: that is an answer. */
export function refuseBackwards(query: URLSearchParams, { fromMoment, toMoment, from, to }: Range): void {
  if (fromMoment === undefined || toMoment === undefined || to === undefined) return;
  const timed = 'time' in fromMoment && 'time' in toMoment;
  if (timed ? BigInt(fromMoment.time) <= BigInt(toMoment.time) : from <= to + 1) return;
  const [first, last] = [query.get('from'), query.get('to')];
  throw new ShiplogError('REQUEST_INVALID', `${first} is after ${last}: give the earlier moment first`, { from: first, to: last });
}
