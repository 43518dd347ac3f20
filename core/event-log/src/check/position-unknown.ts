import { ShiplogError } from '@shiplog/contracts';

/** The error for a position that is not in the log, whose last durable one is `last`. */
export function positionUnknown(seq: number, last: number): ShiplogError {
  return new ShiplogError('LOG_POSITION_UNKNOWN', `the log has positions 0 to ${last}, not ${seq}`, { seq, last });
}
