import { ShiplogError } from '@shiplog/contracts';
import { checkContainerName, requireFreeName } from './container-name.ts';
import { requireIdle } from './require.ts';
import type { Decider } from './verdict.ts';

/** Effectless. Allowed while the container runs or is being started or stopped, not while it comes into being or goes away. */
export const decideContainerRename: Decider<'container.rename'> = (view, { args }) => {
  const container = view.container(args.container);
  const name = checkContainerName(args.name);
  if (container.busy?.verb === 'container.create' || container.status === 'removing') requireIdle(container);
  if (name === container.name) {
    throw new ShiplogError('REQUEST_INVALID', 'Renaming a container with the same name as its current name', { name });
  }
  requireFreeName(view, name);
  return {
    decided: { id: container.id, name, oldName: container.name },
    expected: 'stream-exists',
    tags: [`name:${name}`],
    effectless: true,
  };
};
