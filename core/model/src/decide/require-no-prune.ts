import { type CommandType, ShiplogError, type StateView } from '@shiplog/contracts';

/** Refuses PRUNE_RUNNING while a prune of the same kind is under way. */
export function requireNoPrune(view: StateView, verb: CommandType): void {
  for (const open of view.openOperations.values()) {
    if (open.verb === verb) throw new ShiplogError('PRUNE_RUNNING', 'a prune operation is already running', { op: open.op });
  }
}
