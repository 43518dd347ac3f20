import { createState, evolve, type State } from '@shiplog/model';
import { type EventLogReader, type Moment, ShiplogError } from '@shiplog/contracts';

/** The state as it was at a moment, folded from the start of the log. Throws LOG_POSITION_UNKNOWN past its end. */
export async function stateAt(log: EventLogReader, moment: Moment): Promise<State> {
  const state = createState();
  if ('seq' in moment) {
    if (!Number.isSafeInteger(moment.seq) || moment.seq < -1 || moment.seq > log.durableSeq) {
      throw new ShiplogError('LOG_POSITION_UNKNOWN', `the log has positions 0 to ${log.durableSeq}, not ${moment.seq}`, {
        seq: moment.seq,
        last: log.durableSeq,
      });
    }
    if (moment.seq >= 0) for await (const event of log.read({ to: moment.seq })) evolve(state, event);
    return state;
  }
  const time = BigInt(moment.time);
  for await (const event of log.read()) {
    // Order is seq, not time: a clock that steps back does not hide later events that are older still.
    if (BigInt(event.t) > time) break;
    evolve(state, event);
  }
  return state;
}
