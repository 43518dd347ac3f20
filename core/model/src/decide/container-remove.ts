import { type ContainerRecord, ShiplogError, type StateView } from '@shiplog/contracts';
import { isUp } from '../projections/is-up.ts';
import { volumeUsers } from '../projections/users.ts';
import { requireIdle } from './require.ts';
import type { Decider } from './verdict.ts';

/** Needs the container for itself, forced or not: beside a start or stop it is CONTAINER_BUSY, and the engine waits. */
export const decideContainerRemove: Decider<'container.remove'> = (view, { args }) => {
  const container = view.container(args.container);
  requireIdle(container);
  const up = isUp(container);
  if ((up || container.status === 'restarting') && !args.force) {
    const advice =
      container.status === 'paused'
        ? 'container is paused and must be unpaused first'
        : `container is ${container.status}: stop the container before removing or force remove`;
    throw new ShiplogError('CONTAINER_RUNNING', `cannot remove container "/${container.name}": ${advice}`, { id: container.id });
  }
  return {
    decided: { id: container.id, kill: up, volumes: args.volumes ? anonymousVolumes(view, container) : [] },
    expected: 'stream-exists',
  };
};

/** Volumes without a name that only this container mounts; named ones are never removed with a container. */
function anonymousVolumes(view: StateView, container: ContainerRecord): readonly string[] {
  const names = container.spec.mounts.filter((mount) => mount.type === 'volume').map((mount) => mount.source);
  return names.filter((name) => view.volumes.get(name)?.anonymous === true && volumeUsers(view, name).length === 1);
}
