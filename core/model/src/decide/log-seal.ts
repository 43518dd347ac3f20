import { ShiplogError, type StateView } from '@shiplog/contracts';
import type { Decider } from './verdict.ts';

/** How much is moved is the log's to say; sealing what is sealed is harmless. */
export const decideLogSeal: Decider<'log.seal'> = (view, { args }) => {
  checkPosition(view, args.before);
  return { decided: { before: args.before }, expected: 'any' };
};

/** Refuses what is no position of the log, or the one behind its last. */
export function checkPosition({ seq }: StateView, before: number): void {
  if (Number.isSafeInteger(before) && before >= 0 && before <= seq + 1) return;
  throw new ShiplogError(
    'LOG_POSITION_UNKNOWN',
    `the log has positions 0 to ${seq}, so nothing is before ${before} that is not before ${seq + 1}`,
    {
      before,
      last: seq,
    },
  );
}
