import { isUp } from '../projections/is-up.ts';
import { requireNoPrune } from './require-no-prune.ts';
import type { Decider } from './verdict.ts';

/** Of the containers named (full ids), those that still exist, do not run, are not to run again and are not busy. None is no error. */
export const decideContainerPrune: Decider<'container.prune'> = (view, { args }) => {
  requireNoPrune(view, 'container.prune');
  const ids = [...new Set(args.containers)].filter((id) => {
    const container = view.containers.get(id);
    return container !== undefined && container.busy === undefined && !isUp(container) && container.status !== 'restarting';
  });
  return { decided: { ids }, expected: 'any', effectless: ids.length === 0 };
};
