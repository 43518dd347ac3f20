import { ShiplogError } from '@shiplog/contracts';
import { checkPosition } from './log-seal.ts';
import type { Decider } from './verdict.ts';

/** An operation that is under way must keep its intent: recovery reads it. */
export const decideLogPrune: Decider<'log.prune'> = (view, { args }) => {
  const { before } = args;
  checkPosition(view, before);
  const open = view.openOperations.values().find(({ seq }) => seq < before);
  if (open !== undefined) {
    throw new ShiplogError('LOG_PRUNE_BLOCKED', `the operation ${open.verb} of event ${open.seq} is under way, and its intent would go`, {
      seq: open.seq,
      op: open.op,
    });
  }
  return { decided: { before }, expected: 'any' };
};
