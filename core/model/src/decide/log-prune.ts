import { ShiplogError } from '@shiplog/contracts';
import { checkPosition } from './log-seal.ts';
import type { Decider } from './verdict.ts';

/** An operation that is under way must keep its intent: recovery reads it. Who follows is to be given all first, unless they are to be overtaken. */
export const decideLogPrune: Decider<'log.prune'> = (view, { args, givens }) => {
  const { before } = args;
  checkPosition(view, before);
  const open = view.openOperations.values().find(({ seq }) => seq < before);
  if (open !== undefined) {
    throw new ShiplogError('LOG_PRUNE_BLOCKED', `the operation ${open.verb} of event ${open.seq} is under way, and its intent would go`, {
      seq: open.seq,
      op: open.op,
    });
  }
  const { followed } = givens;
  if (followed !== undefined && followed < before) {
    const message = `somebody who follows the log has not been given event ${followed} yet, and would be told that it is gone: try again later, prune before ${followed}, or overtake them`;
    throw new ShiplogError('LOG_PRUNE_BLOCKED', message, { seq: followed, by: 'follower' });
  }
  return { decided: { before }, expected: 'any' };
};
