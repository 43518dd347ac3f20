import { isBeingRemoved } from '../projections/is-being-removed.ts';
import { volumesUsed } from '../projections/users.ts';
import { requireNoPrune } from './require-no-prune.ts';
import type { Decider } from './verdict.ts';

/** Of the volumes named, those that no container mounts, up or down, and that are neither being made nor removed. None is no error. */
export const decideVolumePrune: Decider<'volume.prune'> = (view, { args }) => {
  requireNoPrune(view, 'volume.prune');
  const used = volumesUsed(view);
  const made = new Set([...view.openOperations.values()].filter(({ verb }) => verb === 'volume.create').map(({ stream }) => stream));
  const names = [...new Set(args.volumes)].filter(
    (name) => view.volumes.has(name) && !used.has(name) && !made.has(`volume/${name}`) && !isBeingRemoved(view, `volume/${name}`),
  );
  return { decided: { names }, expected: 'any', effectless: names.length === 0 };
};
